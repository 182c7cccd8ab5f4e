//! Any file, drawing or request gives a result or an error that says what is wrong. None causes a panic, a
//! hang or unlimited use of memory.
//!
//! `FUZZ=100 cargo test --release --features cli --test hostile` tries a hundred times as many.

use std::fs;
use std::io::Write;
use std::path::Path;

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, Goal, attacks};
use defensive_distillation::dataset::files::Split;
use defensive_distillation::dataset::{Dataset, Samples};
use defensive_distillation::digit::{MAX_POINTS, MAX_STROKES, rasterize};
use defensive_distillation::experiment::{Chunk, Experiment, Kind, Record, Source, Subject, Task};
use defensive_distillation::network::Network;
use defensive_distillation::network::file::{ModelError, read};
use defensive_distillation::network::manifest::Entry;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

/// The number of cases, times the environment variable `FUZZ` if it is set.
fn config(cases: u32) -> ProptestConfig {
    let times = std::env::var("FUZZ").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let seed = if times == 1 { RngSeed::Fixed(1511) } else { RngSeed::Random };
    ProptestConfig {
        cases: cases * times,
        failure_persistence: None,
        rng_seed: seed,
        ..ProptestConfig::default()
    }
}

fn published() -> (Entry, Vec<u8>) {
    let manifest = fs::read("www/models/manifest.json").expect("the manifest is committed");
    let entries: Vec<Entry> = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let entry =
        entries.into_iter().find(|entry| entry.id == "mnist-undefended").expect("it is there");
    let bytes = fs::read(Path::new("www/models").join(&entry.file)).expect("the file is committed");
    (entry, bytes)
}

/// Where the weights begin: after the header's length and the header.
fn header_end(file: &[u8]) -> usize {
    let length = file.first_chunk::<8>().expect("a model file has a header");
    8 + usize::try_from(u64::from_le_bytes(*length)).expect("it is short")
}

/// Numbers at which arithmetic goes wrong.
fn number() -> impl Strategy<Value = Value> {
    let whole = [
        0,
        1,
        2,
        3,
        9,
        10,
        28,
        32,
        64,
        111,
        112,
        784,
        785,
        3072,
        1 << 31,
        1 << 32,
        u64::MAX / 2,
        u64::MAX,
    ];
    prop_oneof![
        select(whole.to_vec()).prop_map(Value::from),
        select(vec![-1i64, i64::MIN]).prop_map(Value::from),
        select(vec![0.0, 1e-45, 1e-30, 0.01, 0.5, 1.0, 1.5, 40.0, 1e30, 1e300, -0.5])
            .prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!("1")),
        Just(json!([1])),
    ]
}

/// A header with tensors of any type, shape and offsets.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let names = ["conv1.weight", "conv1.bias", "fc3.weight", "fc3.bias", "__metadata__", ""];
    let types = ["F16", "F32", "F64", "BOOL", "I8", "U64", "F8_E4M3", "f16", ""];
    let tensor =
        (select(types.to_vec()), prop::collection::vec(number(), 0..6), number(), number());
    let tensor = tensor.prop_map(|(kind, shape, from, to)| json!({"dtype": kind, "shape": shape, "data_offsets": [from, to]}));
    let tensors = prop::collection::vec((select(names.to_vec()), tensor), 0..8);
    tensors.prop_map(|tensors| {
        let header: serde_json::Map<_, _> =
            tensors.into_iter().map(|(name, tensor)| (name.to_string(), tensor)).collect();
        serde_json::to_vec(&header).expect("it is JSON")
    })
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn an_invalid_header_is_refused(
        header in header(),
        length in prop_oneof![Just(None), any::<u64>().prop_map(Some), (0u64..2000).prop_map(Some)],
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let length = length.unwrap_or(header.len() as u64).to_le_bytes();
        let file = [&length[..], header.as_slice(), data.as_slice()].concat();
        prop_assert!(read(Dataset::Mnist, &file).is_err());
        prop_assert!(read(Dataset::Cifar10, &file).is_err());
    }

    #[test]
    fn any_drawing_is_an_image_or_an_error(
        strokes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..12),
    ) {
        match rasterize(&strokes) {
            Ok(Some(pixels)) => prop_assert!(pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel))),
            Ok(None) => prop_assert!(strokes.iter().all(Vec::is_empty)),
            Err(_) => prop_assert!(strokes.iter().any(|stroke| stroke.len() % 2 == 1)),
        }
    }

    #[test]
    fn any_bytes_are_a_data_file_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), start in 0..7usize) {
        let starts: [&[u8]; 7] = [
            b"", &[0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28], &[0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0, 0, 8, 1, 0, 0, 0x27, 0x10], &[0x1f, 0x8b, 8, 0], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x27\x10\x08\x02\0\0\0", b"[",
        ];
        refuse_data(&[starts[start], bytes.as_slice()].concat());
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn weights_that_are_not_finite_are_refused(place in any::<Index>(), value in select(vec![[0x00, 0x7c], [0x00, 0xfc], [0x01, 0x7c], [0xff, 0xff]])) {
        let (_, mut file) = published();
        let start = header_end(&file);
        let at = start + 2 * place.index((file.len() - start) / 2);
        file[at..at + 2].copy_from_slice(&value);
        prop_assert!(matches!(read(Dataset::Mnist, &file), Err(ModelError::NotFinite(_))));
    }

    #[test]
    fn a_header_that_is_damaged_gives_a_network_or_an_error(places in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4), length in any::<Index>()) {
        let (_, mut file) = published();
        let end = header_end(&file);
        for (place, value) in places {
            file[place.index(end)] = value;
        }
        let _ = read(Dataset::Mnist, &file);
        prop_assert!(read(Dataset::Mnist, &file[..length.index(file.len())]).is_err());
    }

    #[test]
    fn any_request_is_run_or_refused(attack in request(), image in image(), goal in (0..2, 0usize..12)) {
        let Ok(attack) = serde_json::from_value::<Attack>(attack) else { return Ok(()) };
        let network = network();
        let goal = if goal.0 == 0 { Goal::Target(goal.1) } else { Goal::Untargeted(goal.1) };
        let Ok(mut runs) = attack.start(&network, &image, &[goal]) else { return Ok(()) };
        prop_assert!(image.len() == 784 && image.iter().all(|pixel| (0.0..=1.0).contains(pixel)) && goal.class() < 10);
        for _ in 0..3 {
            for step in pollster::block_on(runs.step(&network, &Device::flex())).expect("the CPU is not lost") {
                prop_assert!(step.image.iter().all(|pixel| (0.0..=1.0).contains(pixel)), "{:?}", attack);
            }
        }
    }

    #[test]
    fn any_run_is_resumed_or_refused(
        attack in request(),
        original in image(),
        iterations in prop::collection::vec(select(vec![0, 1, 55, 56, 57, 3000, usize::MAX - 1, usize::MAX]), 0..3),
    ) {
        let Ok(attack) = serde_json::from_value::<Attack>(attack) else { return Ok(()) };
        let network = network();
        let Ok(runs) = attack.start(&network, &[0.0; 784], &[Goal::Target(3)]) else { return Ok(()) };
        let Ok(mut runs) = runs.resumed(&original, &iterations) else { return Ok(()) };
        for _ in 0..3 {
            pollster::block_on(runs.step(&network, &Device::flex())).expect("the CPU is not lost");
        }
    }

    #[test]
    fn any_chunk_and_any_records_are_counted_or_refused(
        kind in select(Kind::ALL.to_vec()),
        chunk in (number(), number(), number()),
        size in select(vec![0, 1, 9, 10, usize::MAX]),
        records in prop::collection::vec(record(), 0..30),
    ) {
        let experiment = experiment(kind);
        prop_assert!(experiment.chunks(size).len() <= 2 * experiment.attempts().len());
        if let Ok(chunk) = serde_json::from_value::<Chunk>(json!({"task": chunk.0, "from": chunk.1, "to": chunk.2})) {
            let started = experiment.start(chunk, &[]);
            prop_assert!(started.is_err() || (chunk.task < 2 && chunk.from <= chunk.to && chunk.to <= experiment.attempts().len()));
        }
        let records: Vec<Record> = records.into_iter().filter_map(|record| serde_json::from_value(record).ok()).collect();
        if let Ok(rows) = experiment.rows(&records) {
            prop_assert!(serde_json::to_string(&rows).is_ok());
        }
    }
}

/// The settings of an attack, with up to four of them set to extreme or invalid values.
fn request() -> impl Strategy<Value = Value> {
    let names: Vec<_> = attacks().map(|facts| facts.id).chain(["jsma", ""]).collect();
    let settings: Vec<_> = attacks()
        .flat_map(|facts| facts.settings)
        .filter(|setting| setting.name != "direction")
        .flat_map(|setting| [setting.name, setting.key])
        .collect();
    let directions =
        select(vec![json!("increase"), json!("decrease"), json!("either"), json!("up"), json!(1)]);
    let changed = prop::collection::vec((select(settings), number()), 0..4);
    (select(names), directions, changed).prop_map(|(name, direction, changed)| {
        let mut request = json!({"attack": name, "direction": direction, "theta": 1.0, "budget": 112, "epsilon": 0.3});
        for (setting, value) in changed {
            request[setting] = value;
        }
        request
    })
}

fn image() -> impl Strategy<Value = Vec<f32>> {
    let bad = select(vec![
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -0.0,
        -f32::MIN_POSITIVE,
        1.0 + f32::EPSILON,
        f32::MIN_POSITIVE,
        1.0,
    ]);
    let one = (select(vec![0.0, 0.5, 1.0]), bad, any::<Index>());
    let whole = one.prop_map(|(grey, bad, place)| {
        let mut image = vec![grey; 784];
        image[place.index(784)] = bad;
        image
    });
    prop_oneof![4 => whole, 1 => prop::collection::vec(0.0..1.0f32, 0..3)]
}

/// A record with any numbers.
fn record() -> impl Strategy<Value = Value> {
    let outcome = select(vec![
        "fooled",
        "budget-spent",
        "no-admissible-pair",
        "gradient-vanished",
        "already-target",
        "cancelled",
    ]);
    let read = prop::collection::vec(
        (number(), number()).prop_map(|(before, after)| json!({"before": before, "after": after})),
        0..3,
    );
    let fields = (outcome, number(), number(), number(), number(), read);
    let attacked = fields.prop_map(|(outcome, task, attempt, count, distance, read)| {
        json!({"task": task, "attempt": attempt, "image": count, "class": count, "outcome": outcome, "changes": count,
               "features_changed": count, "distance": distance, "zeros": count, "admissible": null, "read": read})
    });
    let measured = (number(), number(), number(), number());
    let measured = measured.prop_map(|(task, attempt, amplitude, zeros)| json!({"task": task, "attempt": attempt, "amplitude": amplitude, "zero_entries": zeros}));
    prop_oneof![attacked, measured]
}

fn network() -> Network {
    let (entry, bytes) = published();
    entry.load(&bytes, &Device::flex()).expect("it is what the manifest says")
}

fn experiment(kind: Kind) -> Experiment {
    let (entry, _) = published();
    let subject = Subject::new(entry, &network(), 1.0);
    let attack =
        serde_json::from_value(json!({"attack": "fgsm", "epsilon": 0.3})).expect("it is an attack");
    let task = Task { subject: subject.clone(), attack: Some(attack) };
    let target_models = if kind == Kind::Transfer { vec![subject] } else { Vec::new() };
    let images = vec![0.5; 2 * 784];
    Experiment::new(
        kind,
        vec![task.clone(), task],
        target_models,
        images,
        vec![0, 9],
        Source::default(),
    )
    .expect("it can be planned")
}

/// Asserts that these bytes are refused as the contents of each file of either data set.
fn refuse_data(bytes: &[u8]) {
    for (dataset, name) in [
        (Dataset::Mnist, "t10k-images-idx3-ubyte"),
        (Dataset::Mnist, "t10k-images-idx3-ubyte.gz"),
        (Dataset::Cifar10, "test_batch.png"),
        (Dataset::Cifar10, "test_batch.bin"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(name), bytes).expect("it writes");
        let error =
            Samples::read(dataset, Split::Test, folder.path()).err().expect("it should be refused");
        assert!(
            ["t10k-images", "test_batch", "test_lables"]
                .iter()
                .any(|name| error.to_string().contains(name)),
            "{error}"
        );
    }
}

/// A 32-bit slope divided by such a temperature is infinite or zero, and infinity times zero is not a number.
#[test]
fn temperatures_near_the_limits_of_32_bits_are_refused() {
    let network = network();
    for (temperature, fits) in [(1e-40, false), (f32::MAX, false), (1e-6, true), (1e9, true)] {
        let attack = json!({"attack": "fgsm", "epsilon": 0.3, "temperature": temperature});
        let attack: Attack = serde_json::from_value(attack).expect("it is an attack");
        let runs = attack.start(&network, &[0.0; 784], &[Goal::Target(0)]);
        assert_eq!(runs.is_ok(), fits, "{temperature}");
        let Ok(mut runs) = runs else { continue };
        for _ in 0..2 {
            for step in
                pollster::block_on(runs.step(&network, &Device::flex())).expect("it is not lost")
            {
                assert!(
                    step.image.iter().all(|pixel| (0.0..=1.0).contains(pixel)),
                    "{temperature}"
                );
            }
        }
    }
}

/// An archive of a few megabytes that unpacks to a gigabyte is not unpacked to its end.
#[test]
fn an_archive_that_unpacks_to_too_much_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file =
        fs::File::create(folder.path().join("t10k-images-idx3-ubyte.gz")).expect("it writes");
    let mut archive = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    archive
        .write_all(&[0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28])
        .expect("it writes");
    for _ in 0..1024 {
        archive.write_all(&vec![0; 1 << 20]).expect("it writes");
    }
    archive.finish().expect("it writes");
    let error = Samples::read(Dataset::Mnist, Split::Test, folder.path())
        .err()
        .expect("it should be refused");
    assert!(error.to_string().contains("found 67108864 bytes"), "{error}");
}

/// Drawings with more strokes or points than the limits are refused before any memory is allocated for them.
#[test]
fn drawings_above_the_limits_are_refused() {
    assert!(rasterize(&vec![[0u8, 0]; MAX_STROKES + 1]).is_err());
    assert!(rasterize(&[vec![0u8; 2 * MAX_POINTS + 2]]).is_err());
    assert!(rasterize(&[vec![7u8; 2 * MAX_POINTS]]).is_ok());
}

/// Files that once caused an error in this or another program. None of them is a model or a data file.
#[test]
fn the_corpus_is_refused() {
    let mut tried = 0;
    for file in fs::read_dir("tests/corpus/files").expect("the corpus is committed") {
        let path = file.expect("it can be listed").path();
        let bytes = fs::read(&path).expect("it reads");
        for dataset in Dataset::ALL {
            assert!(read(dataset, &bytes).is_err(), "{}", path.display());
        }
        refuse_data(&bytes);
        tried += 1;
    }
    assert!(tried >= 15, "only {tried} files");
}
