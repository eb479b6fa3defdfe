"""The style sheet of the HTML report."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1d2329; --soft: #5b6670; --line: #dde1e6; --accent: #0b6e99;
  --warn: #fff4dc; --warn-ink: #6a4700; --pass: #17683a; --look: #8a5a00; --fail: #b3261e;
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #009e73; --series-4: #cc79a7; --series-5: #e69f00;
  --series-6: #56b4e9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1d2125; --ink: #e4e7ea; --soft: #a3adb6; --line: #343a40; --accent: #6cc1e8;
    --warn: #3a2f14; --warn-ink: #f3d48a; --pass: #6fd08c; --look: #f0c45c; --fail: #ff9a90;
    --series-1: #56b4e9; --series-6: #f0e442;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 48px; }
header { border-left: 4px solid var(--accent); padding-left: 16px; margin-bottom: 22px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; overflow-wrap: anywhere; }
.lead { font-size: 16.5px; color: var(--soft); margin: 0; overflow-wrap: anywhere; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px 22px 18px; margin: 0 0 18px;
}
h2 { font-size: 17px; margin: 0 0 10px; }
p { margin: 8px 0; overflow-wrap: anywhere; }
.warning {
  background: var(--warn); color: var(--warn-ink); border-radius: 6px; padding: 8px 12px; margin: 8px 0;
}
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 22px; margin: 6px 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.table { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; }
caption { text-align: left; color: var(--soft); padding-bottom: 6px; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
tbody tr:last-child > * { border-bottom: 0; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
strong { color: var(--accent); }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 20px; }
figure { margin: 8px 0; min-width: 0; }
.pictures figure { max-width: 480px; }
img {
  width: 100%; height: auto; display: block; border-radius: 6px;
  image-rendering: pixelated; background: var(--page);
}
figcaption { color: var(--soft); font-size: 13.5px; margin-top: 6px; overflow-wrap: anywhere; }
.chart { color: var(--ink); margin: 16px 0 4px; max-width: 800px; }
.chart figcaption { margin: 0 0 4px; }
.chart b { color: var(--ink); }
.drawing { overflow-x: auto; }
.drawing svg { width: 100%; min-width: 560px; height: auto; display: block; font-family: inherit; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0; padding: 0; font-size: 13px; }
.legend svg { width: 30px; height: 10px; margin-right: 6px; vertical-align: 1px; }
.verdict {
  background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--mark); border-radius: 10px;
  padding: 14px 22px; margin: 0 0 18px;
}
.verdict.pass, tr.pass { --mark: var(--pass); }
.verdict.look, tr.look { --mark: var(--look); }
.verdict.fail, tr.fail { --mark: var(--fail); }
.verdict .mark { font-size: 19px; font-weight: 650; color: var(--mark); margin: 0 0 4px; }
.verdict > p { font-size: 16px; margin: 0 0 8px; }
.verdict th { color: var(--ink); font-size: 14.5px; white-space: nowrap; }
.verdict td:first-child { width: 30px; padding-right: 8px; }
.sign {
  display: inline-block; width: 20px; height: 20px; border-radius: 50%; background: var(--mark); color: var(--card);
  font-weight: 700; font-size: 13px; line-height: 20px; text-align: center; vertical-align: 1px;
  print-color-adjust: exact;
}
.slider .tools, .slider input, .slider .hint, .slider .line { display: none; }
.slider .moving { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
.slider.live .tools { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; margin: 8px 0; }
.slider .buttons { display: flex; align-items: center; gap: 6px; margin-left: auto; }
.slider output { min-width: 42px; text-align: center; font-variant-numeric: tabular-nums; }
select, button {
  font: inherit; color: var(--ink); background: var(--page); border: 1px solid var(--line); border-radius: 6px;
  padding: 3px 10px; max-width: 100%;
}
.slider.live .stage {
  position: relative; overflow: hidden; touch-action: none; cursor: ew-resize; background: var(--page);
  aspect-ratio: var(--ratio); width: min(100%, max(240px, 86vh * var(--ratio))); margin: 0 auto; border-radius: 6px;
}
.slider.live .moving { display: block; position: absolute; inset: 0; transform-origin: 0 0; --scale: 1; }
.slider.live .moving figure { display: block; position: absolute; inset: 0; margin: 0; }
.slider.live .moving img { width: 100%; height: 100%; border-radius: 0; pointer-events: none; user-select: none; }
.slider.live .moving figcaption { display: none; }
.slider.live .line {
  display: block; position: absolute; z-index: 4; top: 0; bottom: 0; width: 0; border-left: 2px solid #fff;
  box-shadow: 0 0 0 1px rgba(0, 0, 0, .55); pointer-events: none;
}
.slider.live input { display: block; width: min(100%, max(240px, 86vh * var(--ratio))); margin: 8px auto 0; }
.slider.live .hint { display: block; font-size: 13px; color: var(--soft); }
.slider .spot { display: none; }
.slider.live .spot {
  display: block; position: absolute; z-index: 3; transform: translate(-50%, -50%) scale(calc(1 / var(--scale)));
  min-width: 20px; height: 20px; border-radius: 10px; font: 700 12px/18px system-ui, sans-serif; text-align: center;
  text-decoration: none; color: #fff; background: rgba(0, 0, 0, .72); border: 1px solid #fff;
}
.spots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 14px 24px; }
.spots > div { border-top: 1px solid var(--line); padding-top: 8px; break-inside: avoid; }
.spots > div:target { background: var(--warn); }
.spots p { margin: 0 0 6px; }
.spots .thumbs { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 150px); gap: 8px; }
.spots figure { margin: 0; }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 4px 16px; font-size: 14px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scale { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 8px; font-size: 13px; margin-top: 6px; }
.scale .bar { grid-column: 1 / -1; height: 10px; border-radius: 3px; print-color-adjust: exact; }
.scale span:nth-of-type(2) { text-align: center; color: var(--soft); }
@media (max-width: 560px) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; } }
@media print {
  :root {
    color-scheme: light; --page: #ffffff; --card: #ffffff; --ink: #1d2329; --soft: #4a545d; --line: #c9ced4;
    --accent: #0b6e99; --warn: #fff4dc; --warn-ink: #6a4700; --pass: #17683a; --look: #8a5a00; --fail: #b3261e;
    --series-1: #0072b2; --series-6: #56b4e9;
  }
  body { background: none; font-size: 13px; }
  main { padding: 0; max-width: none; }
  section, .verdict { border-radius: 0; border-width: 1px 0 0; padding: 10px 0; }
  .verdict { border-left-width: 6px; padding-left: 14px; }
  figure, tr, dl, .legend { break-inside: avoid; }
  h2, thead, caption, .chart figcaption { break-after: avoid; }
  .table, .drawing { overflow: visible; }
  .drawing svg { min-width: 0; }
  .spots { grid-template-columns: 1fr 1fr; }
  nav, .slider .tools, .slider input, .slider .hint, .slider .line, .slider .spot { display: none !important; }
  .slider.live .stage { width: auto; aspect-ratio: auto; position: static; overflow: visible; }
  .slider.live .moving {
    display: grid; grid-template-columns: 1fr 1fr; gap: 12px; position: static; transform: none !important;
  }
  .slider.live .moving figure { position: static; clip-path: none !important; visibility: visible !important; }
  .slider.live .moving figure[hidden] { display: none; }
  .slider.live .moving img { height: auto; }
  .slider.live .moving figcaption { display: block; }
}
"""
