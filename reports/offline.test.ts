import { expect } from 'chai';
import { externalLoads, sealed, withoutAnalytics } from './offline.js';

const analytics = `<script async src="https://www.googletagmanager.com/gtag/js?id=G-X"></script>
    <script>
        function gtag(){dataLayer.push(arguments);}
        gtag('config', 'G-X', {});
    </script>`;

describe('offline pages', () => {
  it('finds what a page would load by itself', () => {
    const loads = {
      '<script src="https://a.example/x.js"></script>': 'https://a.example/x.js',
      '<link rel=stylesheet href=//b.example/x.css>': '//b.example/x.css',
      "<img alt='' src='http://c.example/x.png'>": 'http://c.example/x.png',
      '<iframe src="https://d.example"></iframe>': 'https://d.example',
      '<script>fetch("https://e.example/data")</script>': 'https://e.example/data',
      '<script>new WebSocket(`wss://f.example`)</script>': 'wss://f.example',
      '<style>@import "https://g.example/x.css";</style>': 'https://g.example/x.css',
      '<style>a { background: url(https://h.example/x.png) }</style>': 'https://h.example/x.png',
      [`<script src="data:text/javascript;base64,${Buffer.from('import("https://i.example/x.js")').toString('base64')}"></script>`]:
        'https://i.example/x.js',
    };
    for (const [page, address] of Object.entries(loads)) expect(externalLoads(page), page).to.deep.equal([address]);
  });

  it('leaves links and namespaces alone', () => {
    expect(externalLoads('<a href="https://a.example">x</a><svg xmlns="http://www.w3.org/2000/svg"></svg>')).to.deep.equal([]);
  });

  it('takes the analytics of Allure out, and nothing else', () => {
    const page = `<head></head><script>keep()</script>${analytics}<script>keep()</script>`;
    expect(externalLoads(page)).not.to.deep.equal([]);
    expect(withoutAnalytics(page)).to.equal('<head></head><script>keep()</script><script>keep()</script>');
  });

  it('finds analytics that are written in another way', () => {
    expect(externalLoads(withoutAnalytics('<script>load("https://www.googletagmanager.com/y.js")</script>'))).to.have.length(1);
  });

  it('adds the policy at the beginning of the head', () => {
    expect(sealed('<html><head><title>x</title>')).to.match(
      /^<html><head>\s*<meta http-equiv="Content-Security-Policy" content="default-src 'none';/,
    );
  });
});
