//! Data files that are missing, gzipped, truncated or swapped each get an answer of their own.

use std::fs;
use std::io::Write;
use std::path::Path;

use defensive_distillation::dataset::files::Split;
use defensive_distillation::dataset::{Dataset, Samples};

/// The test half of a data set of MNIST's shape, with a digit's number in its first pixel.
fn write_test_half(folder: &Path) {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28];
    images.extend((0..10_000 * 784).map(|k| if k % 784 == 0 { (k / 784 % 10) as u8 } else { 0 }));
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0x27, 0x10];
    labels.extend((0..10_000).map(|i| (i % 10) as u8));
    fs::write(folder.join("t10k-images-idx3-ubyte"), images).expect("it writes");
    fs::write(folder.join("t10k-labels-idx1-ubyte"), labels).expect("it writes");
}

fn error(folder: &Path) -> String {
    let read = Samples::read(Dataset::Mnist, Split::Test, folder);
    read.err().expect("it should be refused").to_string()
}

#[test]
fn every_accident_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (images, labels) =
        (folder.join("t10k-images-idx3-ubyte"), folder.join("t10k-labels-idx1-ubyte"));
    assert!(error(folder).contains("t10k-images-idx3-ubyte: there is no such file"));
    assert!(error(folder).contains("npm run data"));

    write_test_half(folder);
    let samples = Samples::read(Dataset::Mnist, Split::Test, folder).expect("it reads");
    assert_eq!((samples.len(), samples.labels[7], samples.bytes(7)[0]), (10_000, 7, 7));
    assert_eq!(samples.images(&[7])[0], 7.0 / 255.0);

    // Gzipped, as they come from their authors.
    let plain = fs::read(&images).expect("it reads");
    let gzipped = folder.join("t10k-images-idx3-ubyte.gz");
    let file = fs::File::create(&gzipped).expect("it writes");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(&plain).expect("it writes");
    encoder.finish().expect("it writes");
    fs::remove_file(&images).expect("it goes");
    assert!(Samples::read(Dataset::Mnist, Split::Test, folder).is_ok());
    let half = fs::read(&gzipped).expect("it reads");
    fs::write(&gzipped, &half[..half.len() / 2]).expect("it writes");
    assert!(error(folder).contains("t10k-images-idx3-ubyte.gz"));

    // Truncated, too long, swapped, of another half, not IDX at all.
    for (content, expected) in [
        (plain[..1000].to_vec(), "expected 7840016 bytes, found 1000 bytes"),
        ([plain.as_slice(), &[0]].concat(), "expected 7840016 bytes, found 7840017 bytes"),
        (fs::read(&labels).expect("it reads"), "expected an IDX file that begins with 00000803"),
        (b"<html>not found</html>".to_vec(), "found a file that begins with \"3c68746d\""),
        (Vec::new(), "expected an IDX file"),
    ] {
        fs::write(&images, content).expect("it writes");
        assert!(error(folder).contains(expected), "{}", error(folder));
    }
    let mut training = plain.clone();
    training[4..8].copy_from_slice(&60_000u32.to_be_bytes());
    fs::write(&images, training).expect("it writes");
    assert!(error(folder).contains("expected dimensions [10000, 28, 28]"), "{}", error(folder));

    fs::write(&images, plain).expect("it writes");
    let mut bad = fs::read(&labels).expect("it reads");
    bad[100] = 11;
    fs::write(&labels, bad).expect("it writes");
    assert!(error(folder).contains("expected labels from 0 to 9, found a label 11"));
}

/// Pixel values of a made-up image: no two channels, rows or images alike.
fn made_up(image: usize, channel: usize, place: usize) -> u8 {
    (image * 7 + channel * 101 + place * 3 + place / 32 * 11) as u8
}

/// The test half of a data set of CIFAR-10's shape, as a sheet with its list of labels.
fn write_sheet(folder: &Path, [width, height]: [usize; 2], pixel: impl Fn(usize, usize) -> u8) {
    let file = fs::File::create(folder.join("test_batch.png")).expect("it writes");
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("it writes");
    let rows: Vec<u8> = (0..height)
        .flat_map(|image| (0..3 * width).map(move |at| (image, at)))
        .map(|(image, at)| pixel(image, at))
        .collect();
    writer.write_image_data(&rows).expect("it writes");
}

fn write_labels(folder: &Path, labels: impl Iterator<Item = usize>) {
    let labels: Vec<String> = labels.map(|label| label.to_string()).collect();
    fs::write(folder.join("test_lables.json"), format!("[{}]", labels.join(",")))
        .expect("it writes");
}

/// An original batch: records of a label and the pixels, channel after channel.
fn write_records(folder: &Path, label: impl Fn(usize) -> u8, pixel: impl Fn(usize, usize) -> u8) {
    let mut records = Vec::with_capacity(10_000 * 3073);
    for image in 0..10_000 {
        records.push(label(image));
        records.extend((0..3072).map(|feature| pixel(image, feature)));
    }
    fs::write(folder.join("test_batch.bin"), records).expect("it writes");
}

fn cifar(folder: &Path) -> Result<Samples, String> {
    Samples::read(Dataset::Cifar10, Split::Test, folder).map_err(|error| error.to_string())
}

#[test]
fn sheets_and_original_batches_give_the_same_bytes() {
    let (sheets, batches) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_sheet(sheets.path(), [1024, 10_000], |image, at| made_up(image, at % 3, at / 3));
    write_labels(sheets.path(), (0..10_000).map(|image| image * 3 % 10));
    write_records(
        batches.path(),
        |image| (image * 3 % 10) as u8,
        |image, feature| made_up(image, feature / 1024, feature % 1024),
    );
    let (one, other) =
        (cifar(sheets.path()).expect("it reads"), cifar(batches.path()).expect("it reads"));
    assert_eq!((one.len(), &one.labels[..4]), (10_000, &[0, 3, 6, 9][..]));
    assert_eq!(one.bytes(9_999)[1024 + 40], made_up(9_999, 1, 40));
    assert!(one.pixels == other.pixels && one.labels == other.labels);
}

#[test]
fn every_accident_of_cifar_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let error = |folder: &Path| cifar(folder).err().expect("it should be refused");
    assert!(error(folder).contains("test_batch.png: there is no such file"));
    assert!(error(folder).contains("npm run data"));

    fs::write(folder.join("test_batch.png"), b"<html>not found</html>").expect("it writes");
    assert!(error(folder).contains("test_batch.png: expected a PNG"), "{}", error(folder));
    write_sheet(folder, [1024, 9], |_, _| 0);
    assert!(error(folder).contains("found 1024 × 9 of Rgb"), "{}", error(folder));
    write_sheet(folder, [1024, 10_000], |_, _| 0);
    assert!(error(folder).contains("test_lables.json: there is no such file"), "{}", error(folder));
    write_labels(folder, (0..9_999).map(|_| 0));
    assert!(
        error(folder).contains("expected 10000 labels, found 9999 labels"),
        "{}",
        error(folder)
    );
    write_labels(folder, (0..10_000).map(|image| image % 11));
    assert!(error(folder).contains("labels from 0 to 9, found a label 10"), "{}", error(folder));
    fs::write(folder.join("test_lables.json"), "[300]").expect("it writes");
    assert!(error(folder).contains("a JSON array of labels"), "{}", error(folder));

    // Original batches are taken before sheets.
    fs::write(folder.join("test_batch.bin"), [0; 100]).expect("it writes");
    assert!(error(folder).contains("test_batch.bin: expected 30730000 bytes, found 100 bytes"));
    write_records(folder, |_| 10, |_, _| 0);
    assert!(error(folder).contains("found a label 10"), "{}", error(folder));
}

/// CIFAR-10 itself, where `npm run data` has brought it: known pixels and labels, as many of each
/// class as there should be, and the same bytes from a batch of the original form.
#[test]
fn the_real_pictures_are_read_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cifar10");
    if !folder.join("test_batch.png").exists() {
        eprintln!("CIFAR-10 is not in data/cifar10, so its own files were not read.");
        return;
    }
    let training = Samples::read(Dataset::Cifar10, Split::Training, &folder).expect("it reads");
    let test = cifar(&folder).expect("it reads");
    assert_eq!((training.len(), test.len()), (50_000, 10_000));
    let pixel = |place: usize| [0, 1, 2].map(|channel| training.bytes(0)[1024 * channel + place]);
    assert_eq!([0, 1, 2].map(pixel), [[59, 62, 63], [43, 46, 45], [50, 48, 43]]);
    assert_eq!(training.labels[..10], [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    assert_eq!(test.labels[..10], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
    for class in 0..10 {
        let count =
            |samples: &Samples| samples.labels.iter().filter(|&&label| label == class).count();
        assert_eq!((count(&training), count(&test)), (5_000, 1_000), "class {class}");
    }
    let batch = tempfile::tempdir().expect("a folder");
    write_records(
        batch.path(),
        |image| test.labels[image],
        |image, feature| test.bytes(image)[feature],
    );
    let same = cifar(batch.path()).expect("it reads");
    assert!(same.pixels == test.pixels && same.labels == test.labels);
}
