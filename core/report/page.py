"""The style sheet of the HTML report."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1d2329; --soft: #5b6670; --line: #dde1e6; --accent: #0b6e99;
  --warn: #fff4dc; --warn-ink: #6a4700;
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #009e73; --series-4: #cc79a7; --series-5: #e69f00;
  --series-6: #56b4e9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1d2125; --ink: #e4e7ea; --soft: #a3adb6; --line: #343a40; --accent: #6cc1e8;
    --warn: #3a2f14; --warn-ink: #f3d48a;
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
tbody tr:last-child td { border-bottom: 0; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
strong, a { color: var(--accent); }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 20px; }
figure { margin: 8px 0; min-width: 0; }
.pictures figure { max-width: 480px; }
img {
  width: 100%; height: auto; display: block; border-radius: 6px;
  image-rendering: pixelated; background: var(--page);
}
figcaption { color: var(--soft); font-size: 13.5px; margin-top: 6px; overflow-wrap: anywhere; }
.chart { color: var(--soft); margin: 14px 0 4px; }
.chart figcaption { margin: 0 0 4px; }
.chart b { color: var(--ink); }
.chart svg { width: 100%; height: auto; display: block; font-family: inherit; }
.scale { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 8px; font-size: 13px; margin-top: 6px; }
.scale .bar { grid-column: 1 / -1; height: 10px; border-radius: 3px; print-color-adjust: exact; }
.scale span:nth-of-type(2) { text-align: center; color: var(--soft); }
@media (max-width: 560px) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; } }
@media print { body { background: none; } section { break-inside: avoid; border: 0; padding: 0; } }
"""
