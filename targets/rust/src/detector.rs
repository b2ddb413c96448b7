//! The decision of a keyword spotter, beside the network whose outputs it takes.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use synnet_step::detector::{Detector, Score};
use synnet_step::{Program, Scalar};

use crate::constant::scalar;
use crate::literal::{float_literal, usize_literal};

/// Generates the type `name` of a detector that fits the program.
pub(crate) fn detector(name: &Ident, detector: &Detector, program: &Program) -> TokenStream {
    let number = scalar(detector.numbers);
    let sum = if detector.numbers == Scalar::F32 { quote!(f32) } else { quote!(i32) };
    let [outputs, keywords, window] =
        [program.outputs(), detector.keywords.len(), detector.window].map(usize_literal);
    let refractory = Literal::u32_unsuffixed(detector.refractory);
    let zero = if detector.numbers == Scalar::F32 { quote!(0.0) } else { quote!(0) };
    let labels = detector.keywords.iter().map(|keyword| &keyword.label);
    let own = detector.keywords.iter().map(|keyword| usize_literal(keyword.output));
    let thresholds = detector.keywords.iter().map(|keyword| match detector.numbers {
        Scalar::F32 => float_literal(keyword.threshold as f32),
        _ => {
            let threshold = Literal::i32_unsuffixed(keyword.threshold as i32);
            quote!(#threshold)
        }
    });
    let add = if detector.numbers == Scalar::F32 { quote!(x) } else { quote!(#sum::from(x)) };
    let weighted = weigh(detector);
    let (score, rival) = score(detector, &sum, &outputs);
    let docs = docs(detector);
    quote! {
        #(#[doc = #docs])*
        #[derive(Clone, Debug)]
        pub struct #name {
            /// Outputs of the last steps, a ring buffer.
            history: [[#number; #outputs]; #window],
            /// Row of the next step.
            next: usize,
            /// Steps until each keyword can be detected again.
            waiting: [u32; #keywords],
        }

        impl #name {
            /// Number of keywords.
            pub const KEYWORDS: usize = #keywords;
            /// Labels of the keywords.
            pub const LABELS: [&'static str; #keywords] = [#(#labels),*];
            /// Indices of the outputs of the keywords.
            pub const OUTPUTS: [usize; #keywords] = [#(#own),*];
            /// Number of steps over which outputs are summed.
            pub const WINDOW: usize = #window;
            /// Minimum score of a detection of each keyword.
            pub const THRESHOLDS: [#sum; #keywords] = [#(#thresholds),*];
            /// Number of steps after a detection in which the same keyword is not detected.
            pub const REFRACTORY: u32 = #refractory;

            /// Creates a detector that has seen nothing.
            #[must_use]
            pub const fn new() -> Self {
                Self { history: [[#zero; #outputs]; #window], next: 0, waiting: [0; #keywords] }
            }

            /// Forgets all steps.
            pub fn reset(&mut self) {
                *self = Self::new();
            }

            /// Takes the outputs of a step of the network. Returns whether each keyword is detected in it.
            pub fn step(&mut self, output: &[#number; #outputs]) -> [bool; #keywords] {
                if let Some(row) = self.history.get_mut(self.next) {
                    *row = *output;
                }
                self.next += 1;
                if self.next >= #window {
                    self.next = 0;
                }
                let mut levels = [#zero; #outputs];
                for row in &self.history {
                    for (sum, &x) in levels.iter_mut().zip(row) {
                        *sum += #add;
                    }
                }
                #weighted
                let mut detected = [false; #keywords];
                let rules = Self::OUTPUTS.iter().zip(&Self::THRESHOLDS).zip(&mut self.waiting);
                for (((&own, &threshold), waiting), detected) in rules.zip(&mut detected) {
                    if *waiting > 0 {
                        *waiting -= 1;
                        continue;
                    }
                    #score
                    *detected = score >= threshold;
                    if *detected {
                        *waiting = Self::REFRACTORY;
                    }
                }
                detected
            }
        }

        impl Default for #name {
            fn default() -> Self {
                Self::new()
            }
        }

        #rival
    }
}

/// Returns the statement that multiplies levels with their weights, if there are any.
fn weigh(detector: &Detector) -> Option<TokenStream> {
    let weights = detector.weights.iter().map(|&weight| Literal::i64_unsuffixed(i64::from(weight)));
    (!detector.weights.is_empty()).then(|| {
        quote! {
            for (level, weight) in levels.iter_mut().zip([#(#weights),*]) {
                *level = (i64::from(*level) * weight / 32768) as i32;
            }
        }
    })
}

/// Returns the statements that compute the score of the keyword with output `own`, and the function that they call.
fn score(detector: &Detector, sum: &TokenStream, outputs: &Literal) -> (TokenStream, Option<TokenStream>) {
    let level = quote! {
        let Some(&level) = levels.get(own) else { continue };
    };
    match detector.score {
        Score::Value => (quote! { #level let score = level; }, None),
        Score::Margin => {
            let rival = quote! {
                /// Returns the largest level of another output.
                fn rival(levels: &[#sum; #outputs], own: usize) -> #sum {
                    let others = levels.iter().enumerate().filter(|(output, _)| *output != own);
                    let mut others = others.map(|(_, &level)| level);
                    let first = others.next().unwrap_or_default();
                    others.fold(first, |best, level| if level > best { level } else { best })
                }
            };
            (quote! { #level let score = level - rival(&levels, own); }, Some(rival))
        }
    }
}

/// Returns the lines of the type's documentation comment.
fn docs(detector: &Detector) -> Vec<String> {
    let Detector { score, window, refractory, .. } = detector;
    let score = match score {
        Score::Value => "its output",
        Score::Margin => "the distance of its output to the largest other one",
    };
    vec![
        " Decides in which steps a keyword is detected.".to_owned(),
        String::new(),
        format!(" The score of a keyword is {score}, summed over the last {window} steps. A keyword"),
        " is detected if its score reaches its threshold, but not again in the next".to_owned(),
        format!(" {refractory} steps."),
    ]
}
