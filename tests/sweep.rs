//! A sweep that is killed many times ends with the same files as an uninterrupted one.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const MODELS: [&str; 3] = ["mnist-undefended", "mnist-teacher-t5", "mnist-distilled-t5"];

/// `distill sweep` on a few images, in `folder`.
fn sweep(folder: &Path) -> Command {
    sweep_with(folder, &["--hardware", "a test", "--reason", "it is a test"])
}

/// The same, with options for the manifest's remarks.
fn sweep_with(folder: &Path, remarks: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_distill"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null());
    command.args(["sweep", "--first", "600", "--temperatures", "5", "--epochs", "3"]);
    command.args(remarks);
    command.arg("--runs").arg(folder.join("runs")).arg("--out").arg(folder.join("models"));
    command
}

/// The soft labels that `distill label` writes, from the teacher's run in `folder` or else from the
/// published teacher. `None` if the command fails.
fn soft_labels(folder: &Path, published: &Path) -> Option<Vec<f32>> {
    let out = folder.join("labels");
    let mut command = Command::new(env!("CARGO_BIN_EXE_distill"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::null());
    command.args(["label", "--first", "600", "--temperature", "5"]);
    command.arg("--runs").arg(folder.join("runs")).arg("--published").arg(published);
    let wrote = command.arg("--out").arg(&out).status().expect("the command runs").success();
    wrote.then(|| {
        let bytes = fs::read(out).expect("the file of labels exists");
        bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect()
    })
}

/// The published files, and the manifest without times and dates.
fn published(folder: &Path) -> (Vec<Vec<u8>>, Value) {
    let models = folder.join("models");
    let read =
        |name: String| fs::read(models.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let files = MODELS.map(|id| read(format!("{id}.safetensors"))).to_vec();
    let manifest = read("manifest.json".into());
    let mut manifest: Value = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    for entry in manifest.as_array_mut().expect("the manifest is a list") {
        entry["seconds"] = Value::from(0.0);
        entry["date"] = Value::from("");
    }
    (files, manifest)
}

fn assert_same(one: &(Vec<Vec<u8>>, Value), other: &(Vec<Vec<u8>>, Value)) {
    assert_eq!(one.1, other.1);
    assert!(one.0 == other.0, "the model files differ");
}

#[test]
fn a_sweep_killed_ten_times_ends_like_an_uninterrupted_one() {
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist").exists() {
        panic!("this test needs MNIST: run `npm run data` first");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    let started = Instant::now();
    assert!(sweep(&whole).status().expect("the command runs").success());
    let took = started.elapsed();

    // The kills are spread over the whole sweep, at other moments in every run of the test. A sweep
    // that ends before it is killed is compared, and another started, so that all ten kills count.
    let killed = folder.path().join("killed");
    let mut moment = u64::from(std::process::id());
    let mut kills = 0;
    while kills < 10 {
        moment =
            moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (moment >> 33) as f64 / f64::from(1u32 << 31);
        let mut child = sweep(&killed).stderr(Stdio::null()).spawn().expect("the command starts");
        std::thread::sleep(Duration::from_secs_f64(0.6 * share * took.as_secs_f64()));
        if let Some(status) = child.try_wait().expect("the status can be read") {
            assert!(status.success());
            assert_same(&published(&whole), &published(&killed));
            fs::remove_dir_all(&killed).expect("the folder can be removed");
        } else {
            child.kill().expect("the command can be killed");
            child.wait().expect("the command ends");
            kills += 1;
        }
    }
    assert!(sweep(&killed).status().expect("the command runs").success());
    assert_same(&published(&whole), &published(&killed));

    // A finished sweep does nothing when it is started again.
    let log =
        fs::read_to_string(killed.join("runs/mnist-sweep.jsonl")).expect("the sweep has a log");
    assert!(MODELS.iter().all(|id| log.contains(&format!("\"network\":\"{id}\""))));
    assert!(sweep(&killed).status().expect("the command runs").success());
    let after =
        fs::read_to_string(killed.join("runs/mnist-sweep.jsonl")).expect("the sweep has a log");
    assert_eq!(log, after);

    // Without the teacher's run, the published teacher is used. It differs by half precision alone.
    let models = whole.join("models");
    let of_run = soft_labels(&whole, &models).expect("the teacher has a run");
    fs::remove_dir_all(whole.join("runs")).expect("the folder can be removed");
    let of_file = soft_labels(&whole, &models).expect("the teacher is published");
    let off = of_run.iter().zip(&of_file).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(of_run.len() == 6000 && of_file.len() == 6000 && off < 1e-3, "off by {off}");
    assert!(soft_labels(&whole, &killed).is_none(), "there are labels without a teacher");

    // If the teacher is published and the student is not, only the student is trained.
    let mut manifest = published(&whole).1;
    manifest.as_array_mut().expect("the manifest is a list").retain(|of| of["id"] != MODELS[2]);
    fs::write(models.join("manifest.json"), manifest.to_string()).expect("the file can be written");
    assert!(sweep(&whole).status().expect("the command runs").success());
    let manifest = published(&whole).1;
    let student = manifest.as_array().and_then(|all| all.iter().find(|of| of["id"] == MODELS[2]));
    let command = student.expect("the student is published")["command"].as_str();
    assert!(command.is_some_and(|of| of.ends_with("distill label and mnist-teacher-t5")));
    assert!(!whole.join("runs/mnist-teacher-t5").exists(), "the teacher was trained again");
}

#[test]
fn a_sweep_with_fewer_epochs_than_the_papers_needs_a_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out =
        sweep_with(folder.path(), &["--hardware", "a test"]).output().expect("the command runs");
    assert!(!out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("say why with --reason TEXT"));
    assert!(
        !folder.path().join("runs").exists(),
        "training started before the options were checked"
    );
}

#[test]
fn remarks_that_the_page_would_refuse_are_refused_before_training() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let long = "x".repeat(301);
    for (hardware, reason) in [("a test", "two\nlines"), ("a test", " "), (&long, "it is a test")] {
        let remarks = ["--hardware", hardware, "--reason", reason];
        let out = sweep_with(folder.path(), &remarks).output().expect("the command runs");
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(
            error.contains("one line of 1 to 300 characters"),
            "{hardware:?} {reason:?}: {error}"
        );
        assert!(
            !folder.path().join("runs").exists(),
            "training started before the options were checked"
        );
    }
}
