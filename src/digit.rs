//! Converts strokes, drawn on a square, to the 28×28 image that a network trained on MNIST expects.
//!
//! MNIST's digits were scaled, with their aspect kept, to fit a box of 20×20 pixels with grey edges.
//! The box was then moved by whole pixels until the centre of mass of the ink lay on pixel (14, 14).
//! All training images are like this, so a network misreads even a good drawing that is not.
//!
//! MNIST scaled pictures of ink, so the width of its strokes depends on the size of the writing. Here
//! the *points* are scaled, and then drawn into the box with a pen of constant width. A digit that is
//! drawn small or large, with any line width on the screen, becomes as thick as MNIST's, and a slim
//! "1" stays slim.
//!
//! The code uses `+ − × ÷ √`, comparisons and `floor` of `f32` alone, which IEEE 754 defines to the
//! last bit. So the same strokes give the same bytes natively and in wasm, and a shared drawing
//! replays exactly.

/// Pixels of an image: 28 rows of 28.
pub const PIXELS: usize = SIDE * SIDE;
/// The maximum number of strokes in one drawing. A digit has one to four.
pub const MAX_STROKES: usize = 256;
/// The maximum number of points in one drawing, all strokes together: about a minute of drawing at 120
/// points a second.
pub const MAX_POINTS: usize = 8192;

const SIDE: usize = 28;
/// Side of the box. The ink fills it along its longer dimension.
const BOX: usize = 20;
/// The row and column, counted from zero, that the centre of mass is moved to. On every MNIST digit
/// it is at most half a pixel away.
const CENTRE: f32 = 14.0;
/// Diameter of the pen in pixels of the result. It is the median width of the strokes in MNIST's test
/// set, measured as twice the ink divided by its total variation.
const PEN: f32 = 2.6;
/// Drawings smaller than this, in units of the drawing area, are scaled as if they had this size. So a
/// tap that moves by a unit or two becomes a dot and not a digit.
const SMALLEST: f32 = 8.0;

/// Draws strokes in the style of MNIST: `[28, 28]` pixels in [0, 1], row-major from the top left, 0
/// for paper and 1 for ink, each a multiple of 1/255 as in MNIST's files. `None` if there are no
/// points.
///
/// A stroke is `x0, y0, x1, y1, …`, from 0 to 255 over the square drawing area, with the origin at the
/// top left. Its points are joined by straight lines, and a single point is a dot. Moving a drawing
/// does not change the result. Resizing it does so only by the rounding of the coordinates.
///
/// # Errors
/// A stroke with an x but no y at its end, more than [`MAX_STROKES`] strokes, or more than
/// [`MAX_POINTS`] points.
///
/// # Example
/// ```
/// use defensive_distillation::digit::rasterize;
///
/// let seven = rasterize(&[[60, 50, 180, 50, 110, 220]])?.expect("three points are not blank");
/// assert_eq!(seven[0], 0.0);
/// # Ok::<(), defensive_distillation::digit::DigitError>(())
/// ```
pub fn rasterize<S: AsRef<[u8]>>(strokes: &[S]) -> Result<Option<[f32; PIXELS]>, DigitError> {
    let strokes = parse(strokes)?;
    Ok(fit(&strokes).map(|segments| centre(&ink(&segments))))
}

/// The reason why strokes cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigitError {
    /// The last point of a stroke has no y.
    #[error(
        "Stroke {stroke} has {length} coordinates. It must have an even number: x0, y0, x1, y1, …"
    )]
    OddLength {
        /// The stroke, counted from zero.
        stroke: usize,
        /// The number of its coordinates.
        length: usize,
    },
    /// More strokes than [`MAX_STROKES`].
    #[error("The drawing has {0} strokes, more than the {MAX_STROKES} that are allowed.")]
    TooManyStrokes(usize),
    /// More points than [`MAX_POINTS`].
    #[error("The drawing has {0} points, more than the {MAX_POINTS} that are allowed.")]
    TooManyPoints(usize),
}

/// x and y.
type Point = [f32; 2];

/// Checks the limits, given the number of coordinates of each stroke.
///
/// # Errors
/// As [`rasterize`].
pub fn check(lengths: impl ExactSizeIterator<Item = usize>) -> Result<(), DigitError> {
    if lengths.len() > MAX_STROKES {
        return Err(DigitError::TooManyStrokes(lengths.len()));
    }
    let mut points = 0;
    for (stroke, length) in lengths.enumerate() {
        if length % 2 == 1 {
            return Err(DigitError::OddLength { stroke, length });
        }
        points += length / 2;
    }
    match points > MAX_POINTS {
        true => Err(DigitError::TooManyPoints(points)),
        false => Ok(()),
    }
}

/// Checks the limits before it allocates anything, and pairs the coordinates.
fn parse<S: AsRef<[u8]>>(strokes: &[S]) -> Result<Vec<Vec<Point>>, DigitError> {
    check(strokes.iter().map(|stroke| stroke.as_ref().len()))?;
    let point = |xy: &[u8]| [f32::from(xy[0]), f32::from(xy[1])];
    Ok(strokes.iter().map(|stroke| stroke.as_ref().chunks_exact(2).map(point).collect()).collect())
}

/// Scales the strokes so that their ink, which is half a pen wider on every side, fits the box from its
/// top left corner, and divides them into line segments. `None` if there are no points. A single point
/// is a segment from itself to itself.
fn fit(strokes: &[Vec<Point>]) -> Option<Vec<[Point; 2]>> {
    let points = || strokes.iter().flatten();
    points().next()?;
    let low = [0, 1].map(|axis| points().map(|p| p[axis]).fold(f32::INFINITY, f32::min));
    let high = [0, 1].map(|axis| points().map(|p| p[axis]).fold(0.0, f32::max));
    let extent = (high[0] - low[0]).max(high[1] - low[1]).max(SMALLEST);
    let scale = (BOX as f32 - PEN) / extent;
    let place = |p: &Point| [0, 1].map(|axis| (p[axis] - low[axis]) * scale + PEN / 2.0);

    let lines = |stroke: &Vec<Point>| match stroke.as_slice() {
        [dot] => vec![[place(dot); 2]],
        points => points.windows(2).map(|ends| [place(&ends[0]), place(&ends[1])]).collect(),
    };
    Some(strokes.iter().flat_map(lines).collect())
}

/// The share of each pixel of the box that is covered by ink: 1 inside the pen's width, falling to 0
/// over one pixel across its edge. It is the area of the pixel on the inner side of a straight edge.
fn ink(segments: &[[Point; 2]]) -> [[f32; BOX]; BOX] {
    let mut coverage = [[0.0; BOX]; BOX];
    for (row, pixels) in coverage.iter_mut().enumerate() {
        for (column, pixel) in pixels.iter_mut().enumerate() {
            let centre = [column as f32 + 0.5, row as f32 + 0.5];
            let nearest = segments
                .iter()
                .map(|ends| squared_distance(centre, ends))
                .fold(f32::INFINITY, f32::min);
            *pixel = (PEN / 2.0 + 0.5 - nearest.sqrt()).clamp(0.0, 1.0);
        }
    }
    coverage
}

/// Squared distance from a point to a segment, whose ends may be equal.
fn squared_distance(point: Point, &[start, end]: &[Point; 2]) -> f32 {
    let along = [end[0] - start[0], end[1] - start[1]];
    let off = [point[0] - start[0], point[1] - start[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    let share = if length > 0.0 {
        ((off[0] * along[0] + off[1] * along[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let nearest = [off[0] - share * along[0], off[1] - share * along[1]];
    nearest[0] * nearest[0] + nearest[1] * nearest[1]
}

/// Moves the ink so that its centre of mass lies on [`CENTRE`]. It is moved by whole pixels, which does
/// not blur it, and is kept inside the image: only a drawing that is more lopsided than all of MNIST is
/// not centred.
fn centre(coverage: &[[f32; BOX]; BOX]) -> [f32; PIXELS] {
    // The mass is not zero, because every segment is nearer than the pen's radius to the centre of some
    // pixel.
    let (mut mass, mut moment_x, mut moment_y) = (0.0, 0.0, 0.0);
    let (mut right, mut bottom) = (0, 0);
    let inked = |pixel: &(usize, usize, f32)| pixel.2 > 0.0;
    for (row, column, pixel) in pixels(coverage).filter(inked) {
        mass += pixel;
        moment_x += pixel * column as f32;
        moment_y += pixel * row as f32;
        (right, bottom) = (right.max(column), bottom.max(row));
    }
    let offset = |moment: f32, last: usize| {
        (CENTRE - moment / mass + 0.5).floor().clamp(0.0, (SIDE - 1 - last) as f32)
    };
    let (left, top) = (offset(moment_x, right) as usize, offset(moment_y, bottom) as usize);

    let mut image = [0.0; PIXELS];
    for (row, column, pixel) in pixels(coverage).filter(inked) {
        image[(top + row) * SIDE + left + column] = (pixel * 255.0 + 0.5).floor() / 255.0;
    }
    image
}

/// The pixels of the box with their rows and columns.
fn pixels(coverage: &[[f32; BOX]; BOX]) -> impl Iterator<Item = (usize, usize, f32)> {
    (0..BOX * BOX).map(|i| (i / BOX, i % BOX, coverage[i / BOX][i % BOX]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A "5" of three strokes, 64 units high.
    const FIVE: [&[u8]; 3] =
        [&[40, 0, 4, 0], &[4, 0, 0, 28], &[0, 28, 26, 24, 42, 36, 40, 54, 22, 64, 0, 58]];

    fn draw<S: AsRef<[u8]>>(strokes: &[S]) -> [f32; PIXELS] {
        rasterize(strokes).expect("the strokes are well formed").expect("the drawing is not blank")
    }

    fn transform(strokes: &[&[u8]], scale: f32, left: u8, top: u8) -> Vec<Vec<u8>> {
        let coordinate = |(i, &c): (usize, &u8)| {
            (f32::from(c) * scale).round() as u8 + if i % 2 == 0 { left } else { top }
        };
        strokes.iter().map(|stroke| stroke.iter().enumerate().map(coordinate).collect()).collect()
    }

    /// Rows and columns, counted from zero, of the first and the last pixel with any ink.
    fn bounds(image: &[f32; PIXELS]) -> [usize; 4] {
        let ink = || (0..PIXELS).filter(|&i| image[i] > 0.0);
        let rows = || ink().map(|i| i / SIDE);
        let columns = || ink().map(|i| i % SIDE);
        [rows().min(), rows().max(), columns().min(), columns().max()]
            .map(|bound| bound.expect("there is ink"))
    }

    fn centre_of_mass(image: &[f32; PIXELS]) -> (f32, f32) {
        let mass: f32 = image.iter().sum();
        let moment = |position: fn(usize) -> usize| {
            (0..PIXELS).map(|i| image[i] * position(i) as f32).sum::<f32>() / mass
        };
        (moment(|i| i % SIDE), moment(|i| i / SIDE))
    }

    #[test]
    fn nothing_drawn_is_blank() {
        assert_eq!(rasterize::<&[u8]>(&[]), Ok(None));
        assert_eq!(rasterize(&[[0u8; 0], []]), Ok(None));
    }

    #[test]
    fn a_point_is_a_round_dot_as_wide_as_the_pen() {
        for dot in [[0, 0], [255, 255], [17, 200]] {
            let image = draw(&[dot]);
            let area = std::f32::consts::PI * PEN * PEN / 4.0;
            assert!((image.iter().sum::<f32>() - area).abs() < 0.3, "the ink of {dot:?}");
            assert_eq!(bounds(&image), [13, 15, 13, 15], "the bounds of {dot:?}");
        }
    }

    #[test]
    fn a_tap_that_moves_stays_small() {
        let [top, bottom, left, right] = bounds(&draw(&[[100, 100, 101, 101, 100, 102]]));
        assert!(bottom - top < 8 && right - left < 8);
    }

    #[test]
    fn a_vertical_line_is_twenty_high_and_one_pen_wide() {
        let image = draw(&[[128, 20, 128, 235]]);
        let [top, bottom, left, right] = bounds(&image);
        assert_eq!((bottom - top + 1, right - left + 1), (20, 3));
        let row: f32 = image[14 * SIDE..15 * SIDE].iter().sum();
        assert!((row - PEN).abs() < 0.01, "{row} wide");
    }

    #[test]
    fn the_longer_side_fills_the_box_and_the_aspect_is_kept() {
        let [top, bottom, left, right] = bounds(&draw(&[[0u8, 0, 200, 0, 200, 100, 0, 100, 0, 0]]));
        assert_eq!(right - left + 1, 20);
        assert_eq!(bottom - top + 1, 12, "half of 17.4, plus the pen's 2.6, in whole pixels");
    }

    #[test]
    fn the_centre_of_mass_is_on_pixel_14_14() {
        for strokes in [&FIVE[..], &[&[0, 0, 200, 0, 90, 250]], &[&[9, 9, 9, 250, 90, 200]]] {
            let (x, y) = centre_of_mass(&draw(strokes));
            assert!(
                (x - CENTRE).abs() <= 0.51 && (y - CENTRE).abs() <= 0.51,
                "({x}, {y}) for {strokes:?}"
            );
        }
    }

    #[test]
    fn a_lopsided_drawing_stays_inside_the_image() {
        // A bar of zigzags along one side, and from it a thin line to the opposite side.
        let bar: Vec<u8> = (0..=30u8).flat_map(|i| [i % 2 * 50, i * 8]).collect();
        let tail = [0, 120, 240, 120];
        let across: Vec<u8> = bar.chunks(2).flat_map(|xy| [xy[1], 240 - xy[0]]).collect();
        for strokes in [[bar, tail.to_vec()], [across, vec![120, 0, 120, 240]]] {
            let [top, bottom, left, right] = bounds(&draw(&strokes));
            assert_eq!((bottom - top + 1, right - left + 1), (20, 20));
            assert!(left == 8 || top == 0, "the ink reaches the side of the image");
        }
    }

    #[test]
    fn moving_a_drawing_changes_nothing() {
        let image = draw(&FIVE);
        for (left, top) in [(1, 0), (0, 191), (213, 191), (77, 3)] {
            assert_eq!(draw(&transform(&FIVE, 1.0, left, top)), image, "moved by ({left}, {top})");
        }
    }

    #[test]
    fn resizing_a_drawing_changes_next_to_nothing() {
        let image = draw(&FIVE);
        assert_eq!(draw(&transform(&FIVE, 2.0, 5, 9)), image, "doubling needs no rounding");
        for scale in [0.5, 0.8, 1.7, 3.1, 3.9] {
            let difference: f32 = draw(&transform(&FIVE, scale, 0, 0))
                .iter()
                .zip(&image)
                .map(|(a, b)| (a - b).abs())
                .sum();
            assert!(
                difference < 0.08 * image.iter().sum::<f32>(),
                "the ink differs by {difference} at {scale}"
            );
        }
    }

    #[test]
    fn every_pixel_is_a_multiple_of_1_255() {
        for value in draw(&FIVE) {
            assert!((0.0..=1.0).contains(&value));
            assert_eq!(value, (value * 255.0).round() / 255.0);
        }
    }

    #[test]
    fn a_shared_drawing_replays_to_the_byte() {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../tests/data_digit/five.json"))
                .expect("the fixture is JSON");
        let numbers = |value: &serde_json::Value| -> Vec<u8> {
            serde_json::from_value(value.clone()).expect("the fixture holds bytes")
        };
        let strokes: Vec<Vec<u8>> = fixture["strokes"]
            .as_array()
            .expect("the fixture has strokes")
            .iter()
            .map(numbers)
            .collect();
        let grey: Vec<u8> = draw(&strokes).iter().map(|v| (v * 255.0).round() as u8).collect();
        assert_eq!(grey, numbers(&fixture["grey"]), "published links would show a different digit");
    }

    #[test]
    fn strokes_are_as_thick_as_mnists() {
        let image = draw(&FIVE);
        let at = |row: usize, column: usize| image[row * SIDE + column];
        let mut variation = 0.0;
        for row in 1..SIDE - 1 {
            for column in 1..SIDE - 1 {
                let down = (at(row + 1, column) - at(row - 1, column)) / 2.0;
                let across = (at(row, column + 1) - at(row, column - 1)) / 2.0;
                variation += (down * down + across * across).sqrt();
            }
        }
        let width = 2.0 * image.iter().sum::<f32>() / variation;
        assert!(
            (2.3..3.0).contains(&width),
            "{width} is outside the middle half of MNIST's test set"
        );
    }

    #[test]
    fn a_point_without_y_is_refused() {
        let error = rasterize(&[vec![1, 2], vec![1, 2, 3]]).expect_err("the second stroke is odd");
        assert_eq!(error, DigitError::OddLength { stroke: 1, length: 3 });
        assert_eq!(
            error.to_string(),
            "Stroke 1 has 3 coordinates. It must have an even number: x0, y0, x1, y1, …"
        );
    }

    #[test]
    fn drawings_above_the_limits_are_refused() {
        assert_eq!(
            rasterize(&vec![[1, 1]; MAX_STROKES + 1]),
            Err(DigitError::TooManyStrokes(MAX_STROKES + 1))
        );
        assert_eq!(
            rasterize(&[vec![1; 2 * MAX_POINTS + 2]]),
            Err(DigitError::TooManyPoints(MAX_POINTS + 1))
        );
        let full: Vec<u8> = (0..2 * MAX_POINTS).map(|i| (i * i % 251) as u8).collect();
        assert!(rasterize(&[full]).is_ok_and(|image| image.is_some()));
    }

    #[test]
    fn random_strokes_within_the_limits_give_a_valid_image() {
        let mut state = 1u64;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..500 {
            let strokes: Vec<Vec<u8>> = (0..random(5))
                .map(|_| (0..2 * random(9)).map(|_| random(256) as u8).collect())
                .collect();
            let points: usize = strokes.iter().map(Vec::len).sum();
            match rasterize(&strokes) {
                Ok(None) => assert_eq!(points, 0),
                Ok(Some(image)) => assert!(
                    image.iter().all(|v| (0.0..=1.0).contains(v)) && image.iter().any(|&v| v > 0.9)
                ),
                Err(error) => panic!("{error} for {strokes:?}"),
            }
        }
    }
}
