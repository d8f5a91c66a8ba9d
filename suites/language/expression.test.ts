import { expect } from 'chai';
import { expressionText, parseScalar, parts } from './expression.js';

const at = { file: 'a.yaml', line: 1, column: 10 };
const parsed = (text: string) => {
  const scalar = parseScalar(text, at);
  if ('code' in scalar) throw new Error(scalar.message);
  return scalar;
};
const text = (source: string): string => {
  const scalar = parsed(source);
  return scalar.kind === 'literal' ? `literal ${scalar.text}` : expressionText(scalar.value) + (scalar.as ? ` as ${scalar.as.name}` : '');
};
const problem = (source: string): string => {
  const scalar = parseScalar(source, at);
  return 'code' in scalar ? `${scalar.at.column} ${scalar.message}${scalar.hint ? ` - ${scalar.hint}` : ''}` : 'no problem';
};

describe('expressions', () => {
  it('leaves every text alone that does not begin with "$"', () => {
    expect(text('0010')).to.equal('literal 0010');
    expect(text('a $b')).to.equal('literal a $b');
    expect(text('$$5')).to.equal('literal $5');
    expect(text('')).to.equal('literal ');
  });

  it('reads names, paths, numbers, ranges, texts, functions, sums, options and captures', () => {
    for (const source of [
      '$EID1',
      '$SK_S_EIMsign_ECDSA',
      '$row.back',
      '$euicc.sent.AuthenticateServerResponse.euiccSigned1.0',
      '$any as order',
      '$range(1..65535) as counter',
      '$bytes(1..16) if O_S_TRID else $absent as trid',
      '$optional($bytes(1..16)) as trid',
      "$not('succeeded')",
      "$matches('it''s [a-z]+')",
      '$counter + 1 as used',
      '$used - $row.back',
      '$a + $b - 3',
      '$random(16) if O_A else $x + 1',
    ])
      expect(text(source)).to.equal(source);
    expect(text('$any()')).to.equal('$any');
  });

  it('knows the place of every name', () => {
    const scalar = parsed('$counter + $row.back if O_A else $not($x) as y');
    if (scalar.kind !== 'expression') throw new Error('an expression');
    const places = [...parts(scalar.value)].flatMap(p => (p.kind === 'name' ? [`${p.path.join('.')}@${p.at.column}`] : []));
    expect(places).to.deep.equal(['counter@11', 'row.back@22', 'x@49']);
    expect(scalar.as?.at.column).to.equal(55);
  });

  it('says what it expected where', () => {
    expect(problem('$')).to.equal('11 expected a name behind "$", got the end - a text that begins with "$" is written $$');
    expect(problem('$ x')).to.equal('11 expected a name behind "$", got " x" - a text that begins with "$" is written $$');
    expect(problem('$range(1..)')).to.equal('20 expected the upper end of the range, got ")"');
    expect(problem('$range(5..1)')).to.equal('17 a range goes from low to high, got 5..1');
    expect(problem('$range(200')).to.equal('20 expected ")", got the end');
    expect(problem('$counter+1')).to.equal('18 expected the end of the expression, got "+1"');
    expect(problem('$counter + one')).to.equal("21 expected a number, 'text', $name or $function, got \"one\" - write $one or 'one'");
    expect(problem('$not(succeeded)')).to.equal(
      "15 expected a number, 'text', $name or $function, got \"succeeded)\" - write $succeeded or 'succeeded'",
    );
    expect(problem('$a if x else $b')).to.equal('16 expected an option O_…, "since …" or "until …" behind "if", got "x else $b"');
    expect(problem('$a if since 1.4 else $b')).to.equal(
      '22 expected a version of SGP.32 behind "since" (1.0, 1.1, 1.2, 1.3), got "1.4" - did you mean "1.0"?',
    );
    expect(problem('$a if O_A')).to.equal('19 expected " else ", got the end');
    expect(problem('$a as Upper')).to.equal('16 expected a name in lowerCamel behind "as", got "Upper"');
    expect(problem('$a as ')).to.equal('16 expected a name in lowerCamel behind "as", got the end');
    expect(problem('$a as bytes')).to.equal('16 "bytes" is a function and cannot be bound');
    expect(problem('$a or $b')).to.equal('12 expected the end of the expression, got " or $b"');
    expect(problem("$not('x)")).to.match(/^15 expected a number/);
  });
});
