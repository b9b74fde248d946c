// portico/embed/openapi_page.cc — the page that shows a description of routes; see openapi_text.h.
//
// The script makes every element itself and sets texts only as texts, so that nothing in a description becomes markup.
// It loads nothing but the description.
#include <string>
#include <string_view>

#include "portico/embed/form.h"
#include "portico/embed/openapi_text.h"
#include "portico/route/style_sheet.h"

namespace portico {
namespace {

// The colours in both schemes have a contrast of at least 4.5 to their background (WCAG 2.2 §1.4.3).
constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--ground:#fff;--text:#1b1f24;--dim:#59626d;--line:#e2e5e9;--row:#f4f6f9;--link:#0a55c4}
@media(prefers-color-scheme:dark){
:root{--ground:#15181c;--text:#e4e7ea;--dim:#9aa5b1;--line:#2c323a;--row:#1d2127;--link:#8db8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
a{color:var(--link)}
h1{margin:0;font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
h1 small{font-size:1rem;font-weight:400;color:var(--dim);margin-left:.5rem}
h2{margin:1.75rem 0 .5rem;font-size:1rem;color:var(--dim)}
h3{margin:1rem 0 .25rem;font-size:.85rem;color:var(--dim)}
p{margin:.25rem 0;white-space:pre-line;overflow-wrap:anywhere}
details{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0}
details[open]{border-color:var(--dim)}
summary{display:flex;flex-wrap:wrap;gap:.1rem .75rem;align-items:baseline;padding:.5rem .75rem;cursor:pointer}
summary:hover,details[open]>summary{background:var(--row);border-radius:.4rem}
summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
summary b{flex:0 0 4.5rem;font-size:.85rem;color:var(--link)}
summary code{overflow-wrap:anywhere}
summary span{flex:1 1 12rem;color:var(--dim)}
.body{padding:.25rem .75rem .75rem}
code,pre{font:.9rem/1.5 ui-monospace,Menlo,Consolas,monospace}
pre{margin:.25rem 0;padding:.5rem .75rem;background:var(--row);border-radius:.3rem;overflow-x:auto}
dl{display:grid;grid-template-columns:minmax(4rem,max-content) 1fr;gap:.25rem 1rem;margin:0}
dt{overflow-wrap:anywhere}
dd{margin:0;min-width:0}
dd small{color:var(--dim);font-size:.85rem}
@media(max-width:30rem){summary b{flex-basis:100%}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .5rem 1rem}}
)css";

constexpr std::string_view script = R"js('use strict';
const main = document.querySelector('main');

function add(parent, name, text) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

// "integer, from 0 to 255", "string", or nothing if any value will do. The ranges of large types tell nobody anything.
function typeOf(schema) {
  if (!schema || !schema.type) return '';
  const type = [schema.type].flat().join(' or ');
  const { minimum, maximum } = schema;
  if (minimum === undefined && maximum === undefined) return type;
  if (maximum >= 2147483647) return minimum === 0 ? `${type}, not less than 0` : type;
  return `${type}, from ${minimum} to ${maximum}`;
}

function addJson(parent, title, value) {
  add(parent, 'h3', title);
  add(parent, 'pre', JSON.stringify(value, null, 2)).tabIndex = 0;
}

function addMedia(parent, content) {
  for (const [type, media] of Object.entries(content || {})) {
    const line = add(parent, 'p');
    add(line, 'code', type);
    if (media.schema) addJson(parent, 'Schema', media.schema);
    if (media.example !== undefined) addJson(parent, 'Example', media.example);
  }
}

function addParameters(parent, parameters) {
  add(parent, 'h3', 'Parameters');
  const list = add(parent, 'dl');
  for (const one of parameters) {
    add(add(list, 'dt'), 'code', one.name);
    const about = add(list, 'dd');
    const facts = [one.in, typeOf(one.schema), one.required ? 'required' : 'optional'];
    if (one.schema && one.schema.default !== undefined) facts.push(`default ${JSON.stringify(one.schema.default)}`);
    add(about, 'small', facts.filter(Boolean).join(' · '));
    if (one.description) add(about, 'p', one.description);
  }
}

// What clients show of themselves. What is not in every alternative is optional.
function addSecurity(parent, alternatives, schemes) {
  add(parent, 'h3', 'Security');
  const list = add(parent, 'dl');
  for (const name of Object.keys(alternatives[0])) {
    const scheme = schemes[name];
    add(add(list, 'dt'), 'code', scheme.scheme || scheme.name);
    const about = add(list, 'dd');
    const isRequired = alternatives.every((one) => name in one);
    add(about, 'small', [scheme.in || 'Authorization', isRequired ? 'required' : 'optional'].join(' · '));
    if (scheme.description) add(about, 'p', scheme.description);
  }
}

function addResponses(parent, responses) {
  add(parent, 'h3', 'Answers');
  const list = add(parent, 'dl');
  for (const [status, answer] of Object.entries(responses)) {
    add(list, 'dt', status);
    const about = add(list, 'dd');
    add(about, 'p', answer.description);
    addMedia(about, answer.content);
  }
}

function addOperation(path, method, operation, schemes) {
  const details = add(main, 'details');
  details.id = `${method}${path}`;
  details.addEventListener('toggle', () => {
    if (details.open) history.replaceState(null, '', `#${encodeURIComponent(details.id)}`);
  });
  const summary = add(details, 'summary');
  add(summary, 'b', method.toUpperCase());
  add(summary, 'code', path);
  add(summary, 'span', operation.summary || '');
  const body = add(details, 'div');
  body.className = 'body';
  if (operation.description) add(body, 'p', operation.description);
  if (operation.security) addSecurity(body, operation.security, schemes);
  if (operation.parameters) addParameters(body, operation.parameters);
  if (operation.requestBody) {
    add(body, 'h3', 'Content');
    addMedia(body, operation.requestBody.content);
  }
  addResponses(body, operation.responses);
}

function show(description) {
  main.replaceChildren();
  const title = add(main, 'h1', description.info.title);
  add(title, 'small', description.info.version);
  if (description.info.description) add(main, 'p', description.info.description);
  add(main, 'h2', 'Requests');
  const schemes = description.components ? description.components.securitySchemes : {};
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) addOperation(path, method, operation, schemes);
  }
  const line = add(main, 'p', 'For programs: ');
  add(line, 'a', 'OpenAPI description').href = main.dataset.source;
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted) {
    wanted.open = true;
    wanted.scrollIntoView();
  }
}

fetch(main.dataset.source)
  .then((answer) => answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`)))
  .then(show)
  .catch((error) => add(main, 'p', `The description can't be shown: ${error.message}`));
)js";

}  // namespace

std::string openapi_page(std::string_view page_path, std::string_view json_path, std::string_view title) {
    const std::string page = escape_html(page_path);
    const std::string json = escape_html(json_path);
    std::string html(route::page_start);
    html += "<title>" + escape_html(title) + "</title>\n<link rel=\"stylesheet\" href=\"" + page +
            ".css\">\n<script src=\"" + page + ".js\" defer></script>\n</head>\n<body>\n<main data-source=\"" + json +
            "\">\n<noscript><p>This page needs JavaScript. <a href=\"" + json +
            "\">The description</a> does not.</p></noscript>\n</main>\n</body>\n</html>\n";
    return html;
}

std::string_view openapi_script() { return script; }

std::string_view openapi_style() { return style; }

}  // namespace portico
