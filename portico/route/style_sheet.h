// portico/route/style_sheet.h — the appearance of our pages: the listing of a folder, and refusals.
//
// Room route: see handler.h.
// Threads:   none; literals.
#pragma once

#include <string_view>

namespace portico::route {

// The page up to the title. The icon is empty, so that our pages do not make browsers request /favicon.ico.
inline constexpr std::string_view page_start =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n";

// The colours in both schemes have a contrast of at least 4.5 to their background (WCAG 2.2 §1.4.3).
inline constexpr std::string_view listing_style = R"css(
:root{color-scheme:light dark;--ground:#fff;--text:#1b1f24;--dim:#59626d;--line:#e2e5e9;--row:#f4f6f9;--link:#0a55c4}
@media(prefers-color-scheme:dark){
:root{--ground:#15181c;--text:#e4e7ea;--dim:#9aa5b1;--line:#2c323a;--row:#1d2127;--link:#8db8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}
nav ol{display:flex;flex-wrap:wrap;list-style:none;margin:0;padding:0;font-size:.9rem}
nav li{overflow-wrap:anywhere}
nav li+li::before{content:"/";margin:0 .4rem;color:var(--dim)}
nav a[aria-current]{color:var(--dim)}
h1{margin:.25rem 0 1.25rem;font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
th{padding:0;text-align:left;font-size:.85rem;font-weight:600;border-bottom:2px solid var(--line);white-space:nowrap}
th a{display:block;padding:.5rem .75rem;color:var(--dim)}
th[aria-sort] a{color:var(--text)}
th small{font-weight:400;font-size:inherit}
td{padding:0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{width:100%}
td:first-child a{display:block;padding:.45rem .75rem .45rem 2.4rem;position:relative;overflow-wrap:anywhere}
td:first-child a::before{content:"";position:absolute;left:.75rem;top:.65rem;width:1.05rem;height:1.05rem;
background:var(--dim);clip-path:polygon(12% 0,62% 0,62% 28%,90% 28%,90% 100%,12% 100%,12% 0,69% 0,69% 21%,90% 21%)}
.folder a::before{background:var(--link)!important;
clip-path:polygon(0 12%,40% 12%,50% 26%,100% 26%,100% 92%,0 92%)!important}
.parent a::before{background:var(--link)!important;
clip-path:polygon(50% 5%,95% 50%,66% 50%,66% 95%,34% 95%,34% 50%,5% 50%)!important}
td:nth-child(2),td:nth-child(3){padding:.54rem .75rem .36rem;color:var(--dim);white-space:nowrap;
font-variant-numeric:tabular-nums;font-size:.9rem}
th:nth-child(2),td:nth-child(2){text-align:right}
tbody tr:hover{background:var(--row)}
main>p{color:var(--dim);font-size:.9rem;margin:1rem .75rem}
.filter input{margin-left:.4rem}
input,button{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--dim);border-radius:.3rem;
padding:.3rem .6rem;margin:.2rem 0;max-width:100%}
form{margin:1.5rem .75rem;padding:1rem;border:2px dashed var(--line);border-radius:.5rem}
.over form{border-color:var(--link);background:var(--row)}
form ul{list-style:none;margin:0;padding:0}
form li{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;margin-top:.6rem;overflow-wrap:anywhere}
form li bdi{flex:1 1 12rem}
.failed span{font-weight:600}
.text{margin:2rem .75rem;border-top:2px solid var(--line)}
.text h2{font-size:1rem;color:var(--dim)}
.text pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.9rem/1.5 ui-monospace,Menlo,Consolas,monospace}
.markdown{overflow-wrap:anywhere}
.markdown h3,.markdown h4,.markdown h5,.markdown h6{margin:1.5rem 0 .5rem;line-height:1.3}
.markdown h3{font-size:1.3rem}.markdown h4{font-size:1.1rem}.markdown h5,.markdown h6{font-size:1rem}
.markdown img{max-width:100%;height:auto}
.markdown code{font:.9em/1.5 ui-monospace,Menlo,Consolas,monospace;background:var(--row);border-radius:.2rem;padding:.1em .3em}
.markdown pre{background:var(--row);border-radius:.3rem;padding:.75rem;overflow-x:auto;white-space:pre;overflow-wrap:normal}
.markdown pre code{background:none;padding:0;font-size:inherit}
.markdown a{text-decoration:underline}
.markdown blockquote{margin:1rem 0;padding-left:1rem;border-left:.25rem solid var(--line);color:var(--dim)}
.markdown hr{border:0;border-top:1px solid var(--line)}
.markdown ul,.markdown ol{padding-left:1.5rem}
@media(max-width:36rem){
body{padding:1rem .25rem 2rem}header{padding:0 .75rem}
td:nth-child(3) span,th small{display:none}
th a,td:nth-child(2),td:nth-child(3){padding-left:.4rem;padding-right:.4rem}
td:first-child a{padding-left:2rem}td:first-child a::before{left:.4rem}}
@media print{a{color:inherit}body{max-width:none}}
)css";

inline constexpr std::string_view refusal_style =
    ":root{color-scheme:light dark;--ground:#fff;--text:#1b1f24;--dim:#59626d}"
    "@media(prefers-color-scheme:dark){:root{--ground:#15181c;--text:#e4e7ea;--dim:#9aa5b1}}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--text);"
    "font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif}"
    "main{max-width:32rem;padding:1.5rem}"
    "h1{margin:0 0 .5rem;font-size:1.6rem;line-height:1.25}"
    "h1 span{color:var(--dim);font-weight:400;margin-right:.25rem}"
    "p{margin:0;color:var(--dim)}";

}  // namespace portico::route
