//! Charts as SVG, simple enough to be compared line by line.

use std::fmt::Write;

/// One line of a chart.
pub struct Series {
    pub name: String,
    pub colour: &'static str,
    /// Whether it is drawn with dashes, as the figures of papers are.
    pub dashed: bool,
    pub points: Vec<Point>,
}

/// x, y, and the lower and upper end of y's interval if it has one.
pub type Point = (f64, f64, Option<(f64, f64)>);

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 220.0;
const TOP: f64 = 32.0;
const BOTTOM: f64 = 44.0;
const STYLE: &str = "<style>text{font:12px sans-serif;fill:#222}.h{font-weight:bold}line{stroke:#ccc}\
    @media(prefers-color-scheme:dark){svg{background:#111}text{fill:#ddd}line{stroke:#444}}</style>";

/// Text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn head(width: f64, height: f64, title: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n{STYLE}\n\
         <text class=\"h\" x=\"8\" y=\"18\">{title}</text>\n"
    )
}

/// Lines of percentages, 0 to 100, against a logarithmic axis from 1 to 100.
pub fn lines(title: &str, across: &str, series: &[Series]) -> String {
    let x = |of: f64| LEFT + of.max(1.0).log10() / 2.0 * (WIDTH - LEFT - RIGHT);
    let y = |of: f64| HEIGHT - BOTTOM - of / 100.0 * (HEIGHT - TOP - BOTTOM);
    let mut svg = head(WIDTH, HEIGHT, title);
    for percent in [0, 25, 50, 75, 100] {
        let (at, right) = (y(f64::from(percent)), WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{}\" \
             y=\"{:.1}\" text-anchor=\"end\">{percent} %</text>",
            LEFT - 6.0,
            at + 4.0
        );
    }
    for tick in [1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 100.0] {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            x(tick),
            HEIGHT - BOTTOM + 16.0
        );
    }
    let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        HEIGHT - 10.0,
        escaped(across)
    );
    for (place, Series { name, colour, dashed, points }) in series.iter().enumerate() {
        let dash = if *dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let path: Vec<_> =
            points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>",
            path.join(" ")
        );
        for &(at, value, interval) in points {
            if let Some((low, high)) = interval {
                let _ = writeln!(
                    svg,
                    "<path d=\"M{0:.1} {1:.1}V{2:.1}\" stroke=\"{colour}\"/>",
                    x(at),
                    y(low),
                    y(high)
                );
            }
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(at),
                y(value)
            );
        }
        let (at, down) = (WIDTH - RIGHT + 16.0, TOP + 18.0 * place as f64);
        let _ = writeln!(
            svg,
            "<path d=\"M{at} {down}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/><text \
             x=\"{}\" y=\"{}\">{}</text>",
            at + 30.0,
            down + 4.0,
            escaped(name)
        );
    }
    svg + "</svg>\n"
}

/// A matrix of shares in [0, 1]: each a square with its percentage, the largest the darkest. `None` leaves
/// its square empty.
pub fn heat(
    title: &str,
    [down, across]: [&str; 2],
    [rows, columns]: [&[String]; 2],
    value: impl Fn(usize, usize) -> Option<f64>,
) -> String {
    let all = (0..rows.len()).flat_map(|row| (0..columns.len()).map(move |column| (row, column)));
    let largest =
        all.filter_map(|(row, column)| value(row, column)).fold(f64::MIN_POSITIVE, f64::max);
    let digits = usize::from(largest < 0.2);
    let longest = rows.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
    let (side, left, top) = (40.0, 24.0 + 7.0 * longest, 56.0 + 5.0 * longest.min(20.0));
    let width = (left + side * columns.len() as f64 + 80.0).max(400.0);
    let height = top + side * rows.len() as f64 + 24.0;
    let mut svg = head(width, height, title);
    let axes = escaped(&format!("{down} ↓ {across} →"));
    let _ = writeln!(svg, "<text x=\"8\" y=\"36\">{axes}</text>");
    for (column, name) in columns.iter().map(|name| escaped(name)).enumerate() {
        let (at, turned) =
            (left + side * (column as f64 + 0.5), if longest > 3.0 { -35 } else { 0 });
        let anchor = if longest > 3.0 { "start" } else { "middle" };
        let _ = writeln!(
            svg,
            "<text transform=\"translate({at:.1} {:.1}) rotate({turned})\" text-anchor=\"{anchor}\">{name}</text>",
            top - 6.0
        );
    }
    for (row, name) in rows.iter().map(|name| escaped(name)).enumerate() {
        let at = top + side * row as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            left - 6.0,
            at + side / 2.0 + 4.0
        );
        for column in 0..columns.len() {
            let Some(share) = value(row, column) else { continue };
            let x = left + side * column as f64;
            // From white to a dark blue, on which the number turns white.
            let mix = |from: f64, to: f64| (from + (to - from) * share / largest) as u8;
            let (red, green, blue) = (mix(247.0, 8.0), mix(251.0, 64.0), mix(255.0, 129.0));
            let ink = if share > 0.5 * largest { "#fff" } else { "#222" };
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{at:.1}\" width=\"{side}\" height=\"{side}\" \
                 fill=\"rgb({red},{green},{blue})\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\" style=\"fill:{ink}\">{:.digits$}</text>",
                x + side / 2.0,
                at + side / 2.0 + 4.0,
                100.0 * share
            );
        }
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let (name, points) = ("a < b & \"c\"".to_owned(), vec![(1.0, 2.0, None)]);
        let series = [Series { name, colour: "red", dashed: false, points }];
        let svg = lines("<title>", "T > 1", &series);
        assert!(svg.contains("&lt;title&gt;") && svg.contains("T &gt; 1"));
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;"));
    }
}
