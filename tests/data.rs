//! Data files that are missing, gzipped, truncated or swapped each get an answer of their own.

use std::fs;
use std::io::Write;
use std::path::Path;

use defensive_distillation::dataset::Dataset;
use defensive_distillation::dataset::files::{Half, Samples};

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
    let read = Samples::read(Dataset::Mnist, Half::Test, folder);
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
    let samples = Samples::read(Dataset::Mnist, Half::Test, folder).expect("it reads");
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
    assert!(Samples::read(Dataset::Mnist, Half::Test, folder).is_ok());
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
