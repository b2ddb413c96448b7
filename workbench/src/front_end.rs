//! The audio front end outside of a recipe: options as text, its time step, and its fit to a network.

use serde_yaml::Value;
use synnet_audio::audio3::FrontEndOptions;
use synnet_ir::display::format_time_rounded;

use crate::error::Error;
use crate::observer::Observer;
use crate::recipe::FrontEnd;
use crate::serde_messages::{plain_message, with_suggestion};

/// Maximum relative difference between the time steps of front end and network that needs no warning: the front end
/// reaches 10 ms up to 0.06 %.
const DT_TOLERANCE: f64 = 0.01;

impl FrontEnd {
    /// Returns the front end with other values of some options, such as `decimation` and `488`. Keys are those of the
    /// section `front_end` of a recipe, values are YAML.
    ///
    /// # Errors
    /// Returns an error that lists every option that is unknown or invalid.
    pub fn with_options(&self, options: &[(String, String)]) -> Result<Self, Error> {
        let mut value = serde_yaml::to_value(self).map_err(Error::input)?;
        let mut errors = Vec::new();
        for (key, text) in options {
            // One at a time, because serde stops at the first error.
            match with_option(&value, key, text) {
                Ok(changed) => value = changed,
                Err(why) => errors.push(format!("`front_end.{key}`: {why}")),
            }
        }
        if !errors.is_empty() {
            return Err(Error::Input(errors.join("\n")));
        }
        let front_end: Self = serde_yaml::from_value(value).map_err(Error::input)?;
        front_end.options().validate().map_err(|e| Error::Input(format!("`front_end`: {e}")))?;
        Ok(front_end)
    }

    /// Returns the duration of a time step, in seconds.
    pub fn dt(&self) -> f64 {
        self.options().dt()
    }

    /// Warns if the time step differs from that of a network by more than 1 %. `dt` is in seconds.
    pub fn warn_about_time_step(&self, network: &str, dt: f64, observer: &dyn Observer) {
        if (self.dt() / dt - 1.0).abs() <= DT_TOLERANCE {
            return;
        }
        let help = match FrontEndOptions::decimation_for(dt) {
            Ok(decimation) if decimation != self.options().decimation => {
                format!("set `front_end.decimation` to {decimation}")
            }
            _ => format!("no `front_end.decimation` comes closer, so change `dt` of `{network}`"),
        };
        observer.warning(&format!(
            "the front end has a time step of {}, but network `{network}` has a `dt` of {}; {help}",
            format_time_rounded(self.dt()),
            format_time_rounded(dt)
        ));
    }

    pub(crate) fn options(&self) -> &FrontEndOptions {
        let Self::XyloAudio3(options) = self;
        options
    }
}

/// Returns the front end as YAML with another value of an option.
fn with_option(front_end: &Value, key: &str, text: &str) -> Result<Value, String> {
    let option: Value = serde_yaml::from_str(text).map_err(|e| format!("`{text}` is not YAML: {e}"))?;
    let mut changed = front_end.clone();
    if let Value::Mapping(mapping) = &mut changed {
        mapping.insert(key.into(), option);
    }
    match serde_yaml::from_value::<FrontEnd>(changed.clone()) {
        Ok(_) => Ok(changed),
        Err(error) => Err(plain_message(&with_suggestion(&error.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use synnet_audio::audio3;

    use super::*;

    fn pairs(options: &[(&str, &str)]) -> Vec<(String, String)> {
        options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn options_are_those_of_a_recipe() {
        let changed = pairs(&[("decimation", "488"), ("normalization", "channel"), ("kind", "xylo_audio3")]);
        let front_end = FrontEnd::default().with_options(&changed).unwrap();
        assert_eq!(front_end.options().decimation, 488);
        assert_eq!(front_end.options().normalization, audio3::Normalization::Channel);
        // Other options are kept.
        let changed = front_end.with_options(&pairs(&[("cap", "3")])).unwrap();
        assert_eq!((changed.options().decimation, changed.options().cap), (488, 3));
    }

    #[test]
    fn every_invalid_option_is_named() {
        let wrong = [("decimate", "1"), ("cap", "many"), ("normalization", "divisive"), ("eps", "[")];
        let error = FrontEnd::default().with_options(&pairs(&wrong)).unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert!(
            lines[0].starts_with("`front_end.decimate`: unknown field `decimate`, expected one of"),
            "{error}"
        );
        assert!(lines[0].ends_with("did you mean `decimation`?"), "{error}");
        assert!(
            lines[1].contains("`front_end.cap`: ") && lines[1].contains("a whole number, 0 or more"),
            "{error}"
        );
        assert!(lines[2].starts_with("`front_end.normalization`: unknown variant `divisive`"), "{error}");
        assert!(lines[3].starts_with("`front_end.eps`: `[` is not YAML"), "{error}");
        let error = FrontEnd::default().with_options(&pairs(&[("cap", "99")])).unwrap_err().to_string();
        assert_eq!(error, "`front_end`: `cap` is 99; it must lie between 1 and 15");
    }

    #[test]
    fn other_time_steps_are_warned_about_with_the_nearest_decimation() {
        struct Warnings(Mutex<Vec<String>>);
        impl Observer for Warnings {
            fn warning(&self, message: &str) {
                self.0.lock().unwrap().push(message.to_owned());
            }
        }
        let warnings = Warnings(Mutex::default());
        let fitting = FrontEnd::default().with_options(&pairs(&[("decimation", "488")])).unwrap();
        fitting.warn_about_time_step("Kws", 10e-3, &warnings);
        assert!(warnings.0.lock().unwrap().is_empty());
        FrontEnd::default().warn_about_time_step("Kws", 10e-3, &warnings);
        let fastest = FrontEnd::default().with_options(&pairs(&[("decimation", "1")])).unwrap();
        fastest.warn_about_time_step("Kws", 1e-5, &warnings);
        let found = warnings.0.into_inner().unwrap();
        assert_eq!(
            found[0],
            "the front end has a time step of 1.024 ms, but network `Kws` has a `dt` of 10 ms; \
             set `front_end.decimation` to 488"
        );
        assert!(
            found[1].ends_with("no `front_end.decimation` comes closer, so change `dt` of `Kws`"),
            "{found:?}"
        );
    }
}
