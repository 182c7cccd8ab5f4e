//! What was made on one network, shown to another.

use burn::tensor::Device;
use defensive_distillation::attack::{Attack, Jsma, Outcome};
use defensive_distillation::experiment::{Campaign, Reader, Transfer, all_targets};

use crate::reference::network::argmax;
use crate::{digits, published};

#[test]
fn transfer_counts_what_the_reference_network_reads() {
    let device = Device::flex();
    let (from, _) = published("mnist-undefended");
    let (to, twin) = published("mnist-distilled-t40");
    let digits: Vec<_> = digits().into_iter().step_by(25).collect();
    let images: Vec<f32> = digits.iter().flat_map(|(image, _)| image).copied().collect();
    let mut labels: Vec<_> = digits.iter().map(|&(_, label)| label as u8).collect();
    // As if both networks misread the last digit: what becomes of it proves nothing.
    labels[3] = (labels[3] + 1) % 10;
    let attempts = all_targets(&labels);
    let (mut found, mut itself) = (Transfer::default(), Transfer::default());
    let (mut expected, mut fooled, mut ended) = (Transfer::default(), 0, 0);
    pollster::block_on(async {
        let reader = Reader::new(&to, &device, &images, &labels).await.expect("it reads");
        let same = Reader::new(&from, &device, &images, &labels).await.expect("it reads");
        let mut campaign = Campaign::new(Attack::Jsma(Jsma::PAPER), &images, &attempts);
        while let Some(ends) = campaign.step(&from, &device).await.expect("it steps") {
            reader.show(&ends, &mut found).await.expect("it reads");
            same.show(&ends, &mut itself).await.expect("it reads");
            for end in ends {
                ended += 1;
                if end.step.outcome != Some(Outcome::Fooled) {
                    continue;
                }
                let label = usize::from(labels[end.attempt.image]);
                if argmax(twin.forward(&digits[end.attempt.image].0).logits()) == label {
                    let reads = argmax(twin.forward(&end.step.image).logits());
                    fooled += 1;
                    expected.shown += 1;
                    expected.reached += usize::from(reads == end.attempt.goal.class());
                    expected.misread += usize::from(reads != label);
                }
            }
        }
        assert_eq!(campaign.tally.ended(), ended);
    });
    assert_eq!(ended, attempts.len());
    println!("{found:?}");
    assert_eq!(found, expected);
    assert!(found.shown > 15 && found.reached <= found.misread && found.misread > 0);
    // A network is fooled by what fooled it.
    assert_eq!(itself, Transfer { shown: fooled, reached: fooled, misread: fooled });
}
