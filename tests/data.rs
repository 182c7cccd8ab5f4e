//! Data files that are missing, truncated or swapped each have an error of their own.

use std::fs;
use std::io::Write;
use std::path::Path;

use defensive_distillation::dataset::files::Split;
use defensive_distillation::dataset::{Dataset, Samples};

/// Writes the test split of a data set of MNIST's shape, with the label in each image's first pixel.
fn write_test_split(folder: &Path) {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28];
    images.extend((0..10_000 * 784).map(|k| if k % 784 == 0 { (k / 784 % 10) as u8 } else { 0 }));
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0x27, 0x10];
    labels.extend((0..10_000).map(|i| (i % 10) as u8));
    fs::write(folder.join("t10k-images-idx3-ubyte"), images).expect("the file can be written");
    fs::write(folder.join("t10k-labels-idx1-ubyte"), labels).expect("the file can be written");
}

fn error(folder: &Path) -> String {
    let read = Samples::read(Dataset::Mnist, Split::Test, folder);
    read.err().expect("the file is refused").to_string()
}

#[test]
fn every_broken_file_of_mnist_has_its_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (images, labels) =
        (folder.join("t10k-images-idx3-ubyte"), folder.join("t10k-labels-idx1-ubyte"));
    assert!(error(folder).contains("t10k-images-idx3-ubyte: there is no such file"));
    assert!(error(folder).contains("npm run data"));

    write_test_split(folder);
    let samples = Samples::read(Dataset::Mnist, Split::Test, folder).expect("the file can be read");
    assert_eq!((samples.len(), samples.labels[7], samples.bytes(7)[0]), (10_000, 7, 7));
    assert_eq!(samples.images(&[7])[0], 7.0 / 255.0);

    // Gzipped, as published.
    let plain = fs::read(&images).expect("the file can be read");
    let gzipped = folder.join("t10k-images-idx3-ubyte.gz");
    let file = fs::File::create(&gzipped).expect("the file can be written");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(&plain).expect("the file can be written");
    encoder.finish().expect("the file can be written");
    fs::remove_file(&images).expect("the file can be removed");
    assert!(Samples::read(Dataset::Mnist, Split::Test, folder).is_ok());
    let archive = fs::read(&gzipped).expect("the file can be read");
    fs::write(&gzipped, &archive[..archive.len() / 2]).expect("the file can be written");
    assert!(error(folder).contains("t10k-images-idx3-ubyte.gz"));

    // Truncated, too long, swapped, not IDX, empty.
    for (content, expected) in [
        (plain[..1000].to_vec(), "expected 7840016 bytes, found 1000 bytes"),
        ([plain.as_slice(), &[0]].concat(), "expected 7840016 bytes, found 7840017 bytes"),
        (
            fs::read(&labels).expect("the file can be read"),
            "expected an IDX file that begins with 00000803",
        ),
        (b"<html>not found</html>".to_vec(), "found a file that begins with \"3c68746d\""),
        (Vec::new(), "expected an IDX file"),
    ] {
        fs::write(&images, content).expect("the file can be written");
        assert!(error(folder).contains(expected), "{}", error(folder));
    }
    let mut training = plain.clone();
    training[4..8].copy_from_slice(&60_000u32.to_be_bytes());
    fs::write(&images, training).expect("the file can be written");
    assert!(error(folder).contains("expected dimensions [10000, 28, 28]"), "{}", error(folder));

    fs::write(&images, plain).expect("the file can be written");
    let mut bad = fs::read(&labels).expect("the file can be read");
    bad[100] = 11;
    fs::write(&labels, bad).expect("the file can be written");
    assert!(error(folder).contains("expected labels from 0 to 9, found a label 11"));
}

/// The pixels of an artificial image. Channels, rows and images all differ.
fn artificial(image: usize, channel: usize, place: usize) -> u8 {
    (image * 7 + channel * 101 + place * 3 + place / 32 * 11) as u8
}

/// Writes the test split of a data set of CIFAR-10's shape, as a sheet.
fn write_sheet(folder: &Path, [width, height]: [usize; 2], pixel: impl Fn(usize, usize) -> u8) {
    let file = fs::File::create(folder.join("test_batch.png")).expect("the file can be written");
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("the file can be written");
    let rows: Vec<u8> = (0..height)
        .flat_map(|image| (0..3 * width).map(move |at| (image, at)))
        .map(|(image, at)| pixel(image, at))
        .collect();
    writer.write_image_data(&rows).expect("the file can be written");
}

fn write_labels(folder: &Path, labels: impl Iterator<Item = usize>) {
    let labels: Vec<String> = labels.map(|label| label.to_string()).collect();
    fs::write(folder.join("test_lables.json"), format!("[{}]", labels.join(",")))
        .expect("the file can be written");
}

/// Writes an original batch: records of a label and `[3, 32, 32]` pixels.
fn write_records(folder: &Path, label: impl Fn(usize) -> u8, pixel: impl Fn(usize, usize) -> u8) {
    let mut records = Vec::with_capacity(10_000 * 3073);
    for image in 0..10_000 {
        records.push(label(image));
        records.extend((0..3072).map(|feature| pixel(image, feature)));
    }
    fs::write(folder.join("test_batch.bin"), records).expect("the file can be written");
}

fn cifar(folder: &Path) -> Result<Samples, String> {
    Samples::read(Dataset::Cifar10, Split::Test, folder).map_err(|error| error.to_string())
}

#[test]
fn sheets_and_original_batches_give_the_same_bytes() {
    let (sheets, batches) = (
        tempfile::tempdir().expect("a temporary folder"),
        tempfile::tempdir().expect("a temporary folder"),
    );
    write_sheet(sheets.path(), [1024, 10_000], |image, at| artificial(image, at % 3, at / 3));
    write_labels(sheets.path(), (0..10_000).map(|image| image * 3 % 10));
    write_records(
        batches.path(),
        |image| (image * 3 % 10) as u8,
        |image, feature| artificial(image, feature / 1024, feature % 1024),
    );
    let (one, other) = (
        cifar(sheets.path()).expect("the file can be read"),
        cifar(batches.path()).expect("the file can be read"),
    );
    assert_eq!((one.len(), &one.labels[..4]), (10_000, &[0, 3, 6, 9][..]));
    assert_eq!(one.bytes(9_999)[1024 + 40], artificial(9_999, 1, 40));
    assert!(one.pixels == other.pixels && one.labels == other.labels);
}

#[test]
fn every_broken_file_of_cifar_has_its_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let error = |folder: &Path| cifar(folder).err().expect("the file is refused");
    assert!(error(folder).contains("test_batch.png: there is no such file"));
    assert!(error(folder).contains("npm run data"));

    fs::write(folder.join("test_batch.png"), b"<html>not found</html>")
        .expect("the file can be written");
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
    fs::write(folder.join("test_lables.json"), "[300]").expect("the file can be written");
    assert!(error(folder).contains("a JSON array of labels"), "{}", error(folder));

    // Original batches have precedence over sheets.
    fs::write(folder.join("test_batch.bin"), [0; 100]).expect("the file can be written");
    assert!(error(folder).contains("test_batch.bin: expected 30730000 bytes, found 100 bytes"));
    write_records(folder, |_| 10, |_, _| 0);
    assert!(error(folder).contains("found a label 10"), "{}", error(folder));
}

/// Reads CIFAR-10 itself, if `npm run data` has fetched it: known pixels and labels, the number of
/// images of each class, and the same bytes from an original batch.
#[test]
fn cifar_itself_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cifar10");
    if !folder.join("test_batch.png").exists() {
        eprintln!("CIFAR-10 is not in data/cifar10, so this test is skipped.");
        return;
    }
    let training =
        Samples::read(Dataset::Cifar10, Split::Training, &folder).expect("the file can be read");
    let test = cifar(&folder).expect("the file can be read");
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
    let batch = tempfile::tempdir().expect("a temporary folder");
    write_records(
        batch.path(),
        |image| test.labels[image],
        |image, feature| test.bytes(image)[feature],
    );
    let same = cifar(batch.path()).expect("the file can be read");
    assert!(same.pixels == test.pixels && same.labels == test.labels);
}

#[test]
fn the_samples_of_the_page_are_images_of_the_test_set() {
    for dataset in Dataset::ALL {
        let id = dataset.spec().id;
        let found =
            Samples::read_sheet(dataset, Path::new("www/samples")).expect("it is committed");
        let test = Samples::read(dataset, Split::Test, &Path::new("data").join(id))
            .expect("the data set is there: npm run data");
        let list = fs::read(format!("www/samples/{id}.json")).expect("it is committed");
        let list: Vec<serde_json::Value> = serde_json::from_slice(&list).expect("it is JSON");
        assert_eq!((found.len(), list.len()), (100, 100));
        for (place, sample) in list.iter().enumerate() {
            let index = sample["index"].as_u64().expect("each sample has its place") as usize;
            assert_eq!(found.labels[place], test.labels[index], "{id} {index}");
            assert_eq!(found.bytes(place), test.bytes(index), "{id} {index}");
        }
    }
}

#[test]
fn every_broken_sheet_of_samples_has_its_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let error = || {
        let read = Samples::read_sheet(Dataset::Mnist, folder);
        read.err().expect("the sheet is refused").to_string()
    };
    let copy = |from: &str, to: &str| {
        fs::copy(Path::new("www/samples").join(from), folder.join(to)).expect("it can be copied")
    };
    assert!(error().contains("mnist.png: there is no such file"), "{}", error());
    copy("cifar10.png", "mnist.png");
    assert!(error().contains("expected 280 × 280 pixels of 8-bit Grayscale"), "{}", error());
    copy("mnist.png", "mnist.png");
    assert!(error().contains("mnist.json: there is no such file"), "{}", error());
    for (list, expected) in [
        ("[", "expected a JSON array of labels"),
        ("[{\"label\":1}]", "expected 100 labels, found 1 labels"),
    ] {
        fs::write(folder.join("mnist.json"), list).expect("the file can be written");
        assert!(error().contains(expected), "{}", error());
    }
    let tiles = vec!["{\"label\":10}"; 100].join(",");
    fs::write(folder.join("mnist.json"), format!("[{tiles}]")).expect("the file can be written");
    assert!(error().contains("found a label 10"), "{}", error());
}
