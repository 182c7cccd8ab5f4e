//! A sweep that is killed over and over ends with the files of one that was left alone.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const MODELS: [&str; 3] = ["mnist-undefended", "mnist-teacher-t5", "mnist-distilled-t5"];

/// `distill sweep` on a few images, in a folder of its own.
fn sweep(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_distill"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null());
    command.args(["sweep", "--first", "600", "--temperatures", "5", "--epochs", "3"]);
    command.args(["--hardware", "a test"]);
    command.arg("--runs").arg(folder.join("runs")).arg("--out").arg(folder.join("models"));
    command
}

/// Every published file, and the manifest without what a clock wrote.
fn published(folder: &Path) -> (Vec<Vec<u8>>, Value) {
    let models = folder.join("models");
    let read =
        |name: String| fs::read(models.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let files = MODELS.map(|id| read(format!("{id}.safetensors"))).to_vec();
    let manifest = read("manifest.json".into());
    let mut manifest: Value = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    for entry in manifest.as_array_mut().expect("the manifest is a list") {
        entry["seconds"] = Value::Null;
        entry["date"] = Value::Null;
    }
    (files, manifest)
}

fn assert_same(one: &(Vec<Vec<u8>>, Value), other: &(Vec<Vec<u8>>, Value)) {
    assert_eq!(one.1, other.1);
    assert!(one.0 == other.0, "a file differs");
}

#[test]
fn a_sweep_killed_ten_times_ends_as_one_left_alone() {
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist").exists() {
        panic!("this test needs MNIST: run `npm run data` first");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole");
    let started = Instant::now();
    assert!(sweep(&whole).status().expect("it runs").success());
    let took = started.elapsed();

    // Moments spread over the whole sweep, and not the same in every run of the test. A sweep that
    // ended before its moment came is compared, and another begun: all ten kills hit a running one.
    let killed = folder.path().join("killed");
    let mut moment = u64::from(std::process::id());
    let mut kills = 0;
    while kills < 10 {
        moment =
            moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (moment >> 33) as f64 / f64::from(1u32 << 31);
        let mut child = sweep(&killed).stderr(Stdio::null()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_secs_f64(0.6 * share * took.as_secs_f64()));
        if let Some(status) = child.try_wait().expect("it can be asked") {
            assert!(status.success());
            assert_same(&published(&whole), &published(&killed));
            fs::remove_dir_all(&killed).expect("it can be removed");
        } else {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            kills += 1;
        }
    }
    assert!(sweep(&killed).status().expect("it runs").success());
    assert_same(&published(&whole), &published(&killed));

    // Nothing is left to do, and nothing is done.
    let log = fs::read_to_string(killed.join("runs/mnist-sweep.jsonl")).expect("there is a log");
    assert!(MODELS.iter().all(|id| log.contains(&format!("\"network\":\"{id}\""))));
    assert!(sweep(&killed).status().expect("it runs").success());
    let after = fs::read_to_string(killed.join("runs/mnist-sweep.jsonl")).expect("there is a log");
    assert_eq!(log, after);
}
