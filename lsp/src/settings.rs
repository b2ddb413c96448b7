//! The settings of a workspace.

use serde::Deserialize;
use serde_json::Value;

/// The settings, under the key `synnet` of the editor's configuration.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// The target whose rules networks are checked against, such as `xylo-audio3`; none by default.
    pub target: Option<String>,
    /// Files of custom chips, relative to the workspace's folder. A single custom chip is the default target.
    pub chips: Vec<String>,
    /// The folder of the workspace, which the editor sets; empty if there is none.
    #[serde(skip)]
    pub folder: String,
}

impl Settings {
    /// Reads settings: those under the key `synnet`, or the value itself. Keys of the form `synnet.target` are
    /// understood, too.
    ///
    /// # Errors
    /// Returns a message if a setting has the wrong type.
    pub fn from_json(value: &Value, folder: &str) -> Result<Self, String> {
        let section = value.get("synnet").unwrap_or(value);
        let mut flat = section.as_object().cloned().unwrap_or_default();
        for (key, setting) in value.as_object().into_iter().flatten() {
            if let Some(name) = key.strip_prefix("synnet.") {
                flat.insert(name.to_owned(), setting.clone());
            }
        }
        // Editors send `null` for what is not set.
        flat.retain(|_, setting| !setting.is_null());
        let settings: Self = serde_json::from_value(Value::Object(flat))
            .map_err(|why| format!("settings of synnet: {why}"))?;
        let target = settings.target.filter(|target| !target.trim().is_empty());
        Ok(Self { target, folder: folder.to_owned(), ..settings })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Settings;

    #[test]
    fn settings_are_found_in_every_form() {
        let expected =
            Settings { target: Some("xylo-imu".into()), chips: vec!["a.yaml".into()], folder: "/w".into() };
        for value in [
            json!({ "target": "xylo-imu", "chips": ["a.yaml"] }),
            json!({ "synnet": { "target": "xylo-imu", "chips": ["a.yaml"] }, "editor": 1 }),
            json!({ "synnet.target": "xylo-imu", "synnet.chips": ["a.yaml"] }),
        ] {
            assert_eq!(Settings::from_json(&value, "/w"), Ok(expected.clone()), "{value}");
        }
        for value in [json!(null), json!({}), json!({ "target": null }), json!({ "target": "" })] {
            assert_eq!(Settings::from_json(&value, "").map(|s| s.target), Ok(None), "{value}");
        }
        assert!(Settings::from_json(&json!({ "target": 3 }), "").is_err());
    }
}
