//! The registry agrees with the attacks.

use std::collections::BTreeSet;

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, Facts, Goal, Setting, Values, attacks};
use serde_json::{Map, Value, json};

use crate::{digits, published};

/// A request with the required settings at their defaults.
fn request(facts: &Facts) -> Map<String, Value> {
    let required = facts.settings.iter().filter(|setting| setting.required);
    let settings = required.map(|setting| (setting.name.to_owned(), setting.default_value()));
    settings.chain([("attack".to_owned(), facts.id.into())]).collect()
}

fn attack(request: &Map<String, Value>) -> Attack {
    serde_json::from_value(request.clone().into()).expect("the settings are known")
}

#[test]
fn an_attack_is_one_flat_object_with_its_id() {
    let examples = [
        r#"{"attack":"jsma-f","attack_temperature":1.0,"direction":"increase","theta":1.0,"budget":112}"#,
        r#"{"attack":"jsma-t","attack_temperature":40.0,"direction":"decrease","theta":0.5,"budget":7}"#,
        r#"{"attack":"jsma-z","attack_temperature":1.0,"direction":"increase","theta":1.0,"budget":112}"#,
        r#"{"attack":"not-robust","attack_temperature":40.0,"direction":"either","theta":1.0,"budget":112}"#,
        r#"{"attack":"fgsm","attack_temperature":1.0,"epsilon":0.25}"#,
        r#"{"attack":"random-pairs","direction":"increase","theta":1.0,"budget":112,"attack_seed":7}"#,
        r#"{"attack":"cw-l2","confidence":5.0,"iterations":50,"searches":3,"learning_rate":0.5,"c":2.0}"#,
        r#"{"attack":"cw-l2","confidence":5.0,"iterations":50,"searches":3,"learning_rate":0.5,"c":2.0,"c_scale":"gradient"}"#,
        r#"{"attack":"cw-l0","confidence":0.0,"iterations":150,"limit":3000,"learning_rate":0.5,"c":1.0,"largest_c":64.0}"#,
        r#"{"attack":"cw-l0","confidence":0.0,"iterations":150,"limit":3000,"learning_rate":0.5,"c":1.0,"largest_c":64.0,"c_scale":"gradient"}"#,
    ];
    for json in examples {
        let attack: Attack = serde_json::from_str(json).expect(json);
        assert_eq!(serde_json::to_string(&attack).expect("it is plain data"), json);
        assert!(json.starts_with(&format!("{{\"attack\":\"{}\"", attack.name())), "{json}");
    }
    let page = r#"{"attack":"jsma-t","temperature":40,"direction":"increase","theta":1,"budget":112}"#;
    assert!(serde_json::from_str::<Attack>(page).is_ok());
    for (json, says) in [
        (r#"{"attack":"jsma","theta":1}"#, "no attack \"jsma\""),
        (r#"{"theta":1}"#, "no attack null"),
        (r#"{"attack":"fgsm"}"#, "epsilon"),
        (r#"{"attack":"random-pairs","direction":"either","theta":1,"budget":2}"#, "either"),
        ("[]", "expected a map"),
        (r#"{"attack":"jsma-t","tempreature":40,"direction":"increase","theta":1,"budget":112}"#, "jsma-t has no setting tempreature, but direction, theta, budget, temperature"),
        (r#"{"attack":"jsma-t","direction":"increase","theta":1,"budget":112}"#, "jsma-t needs the setting temperature"),
        (r#"{"attack":"jsma-f","temperature":40,"direction":"increase","theta":1,"budget":112}"#, "jsma-f has no setting temperature"),
        (r#"{"attack":"jsma-f","attack_temperature":40,"direction":"increase","theta":1,"budget":112}"#, "jsma-f has no setting attack_temperature"),
        (r#"{"attack":"fgsm","epsilon":0.3,"model":"x"}"#, "fgsm has no setting model"),
    ] {
        let error = serde_json::from_str::<Attack>(json).expect_err(json).to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn every_id_is_unique_and_every_sibling_exists() {
    let ids: BTreeSet<_> = attacks().map(|facts| facts.id).collect();
    assert_eq!(ids.len(), attacks().count());
    for sibling in attacks().filter_map(|facts| facts.temperature?.sibling) {
        assert!(ids.contains(sibling), "{sibling}");
    }
}

/// The names, the required settings and the meaning of what is left out are in the tables as in the structs.
#[test]
fn the_tables_agree_with_the_settings() {
    for facts in attacks() {
        let request = request(facts);
        let attack = attack(&request);
        assert_eq!(attack.facts(), facts);
        let values = serde_json::to_value(attack).expect("it is plain data");
        for setting in facts.settings {
            let expected = match setting.required {
                true => setting.default_value(),
                false => setting.left_out(),
            };
            // Rows leave out a choice that they mean without it.
            let found = values.get(setting.key).unwrap_or(&expected);
            let same = match (found.as_f64(), expected.as_f64()) {
                (Some(found), Some(expected)) => found as f32 == expected as f32,
                _ => *found == expected,
            };
            assert!(same, "{} {}: {found} is not {expected}", facts.id, setting.name);
            if let Values::Choice(choices) = setting.values {
                assert!(choices.choices.contains(&choices.default), "{}", setting.name);
                for &choice in choices.choices {
                    let mut with = request.clone();
                    with.insert(setting.name.to_owned(), choice.into());
                    let values = serde_json::to_value(self::attack(&with)).expect("plain data");
                    let found = values.get(setting.key).cloned();
                    assert_eq!(found.unwrap_or_else(|| setting.left_out()), choice);
                }
            }
            if setting.required {
                let mut without = request.clone();
                without.remove(setting.name);
                let error = serde_json::from_value::<Attack>(without.into()).expect_err("required");
                assert!(error.to_string().contains(setting.name), "{error}");
            }
        }
        let fields = values.as_object().expect("it is flat").keys();
        for field in fields.filter(|field| *field != "attack") {
            // Rows state the temperature of JSMA-F and JSMA-Z, which do not use it.
            let is_jsma = field == "attack_temperature" && facts.id.starts_with("jsma-");
            let is_known = facts.settings.iter().any(|setting| setting.key == field);
            assert!(is_known || is_jsma, "{}: {field} is in no table", facts.id);
        }
    }
}

/// The least and the largest value are accepted as the table says, and the error for a value outside names the
/// setting.
#[test]
fn ranges_are_those_of_the_tables() {
    let (network, _) = published("mnist-undefended");
    let image = vec![0.5; 784];
    for facts in attacks() {
        let with = |setting: &Setting, value: Value| {
            let mut request = request(facts);
            request.insert(setting.name.to_owned(), value);
            let attack: Attack = serde_json::from_value(request.into()).ok()?;
            Some(attack.start(&network, &image, &[Goal::Target(3)]).map(|_| ()))
        };
        for setting in facts.settings {
            let Some(range) = setting.range() else { continue };
            let is_whole = matches!(setting.values, Values::Integer(_));
            let json = |number: f64| if is_whole { json!(number as u64) } else { json!(number) };
            let (least, most) = (range.bounds.0, range.bounds.1.of(784));
            let at_least = with(setting, json(least)).expect("it is a number");
            assert_eq!(at_least.is_err(), range.exclusive_min, "{} {}", facts.id, setting.name);
            assert_eq!(with(setting, json(most)), Some(Ok(())), "{} {}", facts.id, setting.name);
            let beyond = if is_whole { most + 1.0 } else { 1.01 * most };
            if beyond < u64::MAX as f64 {
                let error =
                    with(setting, json(beyond)).expect("it is a number").expect_err("above");
                assert!(error.to_string().contains(setting.title), "{error}");
            }
            if let Some(page) = range.page {
                assert!(page.min >= least && page.max.of(784) <= most, "{}", setting.name);
                assert_eq!(with(setting, json(page.min)), Some(Ok(())), "{}", setting.name);
            }
        }
    }
}

/// Every attack makes a step, with as many backward rows as its facts say.
#[test]
fn a_step_is_as_the_facts_say() {
    let (network, _) = published("mnist-undefended");
    let seven = &digits()[70].0;
    for facts in attacks() {
        let attack = attack(&request(facts));
        let untargeted = attack.start(&network, seven, &[Goal::Untargeted(7)]);
        assert_eq!(untargeted.is_ok(), facts.untargeted, "{}", facts.id);
        let mut runs = attack.start(&network, seven, &[Goal::Target(3)]).expect("it starts");
        let steps = pollster::block_on(runs.step(&network, &Device::flex()));
        let step = &steps.expect("the processor does not fail")[0];
        let rows = step.gradient.as_ref().map_or(0, |of| 1 + usize::from(of.others.is_some()));
        assert_eq!(rows, facts.backward_rows, "{}", facts.id);
        assert_eq!(facts.output.is_some(), rows > 0, "{}", facts.id);
    }
}
