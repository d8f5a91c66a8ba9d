import { expect } from 'chai';
import { markup, oneLine } from './markup.js';

describe('markup', () => {
  it('escapes every inserted text', () => {
    expect(markup`<a title="${`"'`}">${'<&>'}</a>`.markup).to.equal('<a title="&quot;&#39;">&lt;&amp;&gt;</a>');
  });

  it('takes markup as it is, and nothing for undefined and false', () => {
    expect(markup`<p>${markup`<b>${'&'}</b>`}${undefined}${false}${[markup`x`, markup`y`]}${0}</p>`.markup).to.equal(
      '<p><b>&amp;</b>xy0</p>',
    );
  });

  it('shows characters that XML does not allow as pictures', () => {
    expect(markup`${'\u0000\u001b\u007f\ud800\uffff\n'}`.markup).to.equal('␀␛␡\ufffd\ufffd\n');
  });

  it('puts text on one line that cannot steer a terminal', () => {
    expect(oneLine('a\n\u001b[31m\tb\u009b')).to.equal('a␊␛[31m␉b\ufffd');
  });
});
