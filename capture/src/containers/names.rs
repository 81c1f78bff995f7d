//! Names of containers, from the files in which runtimes keep them.

use std::{fs::File, io::Read, path::Path};

/// Most bytes of one file; real ones have tens of kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Files of a container, `ID` standing for its id, and the keys of names in them.
const FILES: &[(&str, &[&str])] = &[
    ("/var/lib/docker/containers/ID/config.v2.json", &["Name"]),
    (
        "/run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json",
        &[
            "io.kubernetes.cri.container-name",
            "io.kubernetes.cri.sandbox-name",
        ],
    ),
    (
        "/run/containerd/io.containerd.runtime.v2.task/default/ID/config.json",
        &["nerdctl/name"],
    ),
    (
        "/var/lib/containers/storage/overlay-containers/ID/userdata/config.json",
        &[
            "io.kubernetes.container.name",
            "io.kubernetes.pod.name",
            "org.opencontainers.image.title",
        ],
    ),
];

/// The container's name, where a runtime tells it.
pub(super) fn of(id: &str) -> Option<String> {
    FILES.iter().find_map(|(file, keys)| {
        let text = text(Path::new(&file.replace("ID", id)))?;
        keys.iter().find_map(|key| value(&text, key))
    })
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The string behind the first `"key":` of a JSON text; docker's names begin with a slash, which is left out. Names of
/// containers hold nothing that JSON escapes.
fn value(text: &str, key: &str) -> Option<String> {
    let (_, after) = text.split_once(&format!("\"{key}\""))?;
    let quoted = after.trim_start().strip_prefix(':')?.trim_start();
    let (value, _) = quoted.strip_prefix('"')?.split_once('"')?;
    let value = value.trim_start_matches('/');
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_from_json() {
        let docker = r#"{"State":{"Running":true},"ID":"ab","Name":"/web-1","Driver":"overlay2"}"#;
        assert_eq!(value(docker, "Name").as_deref(), Some("web-1"));
        let cri = "{\"annotations\": {\n \"io.kubernetes.cri.sandbox-name\" : \"pod-7\"}}";
        let name = value(cri, "io.kubernetes.cri.sandbox-name");
        assert_eq!(name.as_deref(), Some("pod-7"));
        assert_eq!(value(docker, "Image"), None);
        assert_eq!(value(r#"{"Name":7}"#, "Name"), None);
    }
}
