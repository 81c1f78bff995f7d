//! What the mode bits along a path refuse to a caller.

use super::{
    asked::{Asked, READ, SEARCH, WRITE},
    caller::Caller,
};
use crate::evidence::{Component, NamedFile};

/// `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH` as bits.
const OVERRIDE: u64 = 1 << 1;
const READ_SEARCH: u64 = 1 << 2;

/// The first component from the folder `start` on that refuses, and what it refuses.
pub(super) fn refused<'a>(
    file: &'a NamedFile,
    start: &str,
    asked: Asked,
    caller: &Caller,
) -> Option<(&'a Component, u32)> {
    let creates = asked.creates && file.target.is_none();
    let folder = asked.folder | if creates { WRITE } else { 0 };
    let last = file.folders.len().checked_sub(1)?;
    let is_above = |component: &Component| {
        start
            .strip_prefix(component.path.trim_end_matches('/'))
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let on_the_way = file.folders.iter().enumerate();
    let on_the_way = on_the_way.skip_while(|(_, component)| is_above(component));
    let on_the_way = on_the_way.map(|(index, component)| {
        let bits = if index == last { folder } else { SEARCH };
        (component, bits, true)
    });
    let target = file
        .target
        .iter()
        .map(|component| (component, asked.target, component.is_folder()));
    on_the_way
        .chain(target)
        .find_map(|(component, bits, folder)| {
            let missing = missing(component, bits, folder, caller);
            (missing != 0).then_some((component, missing))
        })
}

/// Those of `bits` that the mode certainly refuses to the caller. Access lists are not known, and groups not always: what
/// the group's bits or a list might allow is not counted (`fs/namei.c`, `acl_permission_check`, `generic_permission`).
fn missing(component: &Component, bits: u32, folder: bool, caller: &Caller) -> u32 {
    let mode = component.mode;
    let allowed = if u64::from(component.uid) == caller.uid {
        mode >> 6
    } else if component
        .xattrs
        .iter()
        .any(|name| name == "system.posix_acl_access")
    {
        READ | WRITE | SEARCH
    } else {
        match &caller.groups {
            Some(groups) if groups.contains(&component.gid) => mode >> 3,
            Some(_) => mode,
            None => mode >> 3 | mode,
        }
    };
    let mut missing = bits & !allowed;
    if caller.capabilities & OVERRIDE != 0 && (folder || mode & 0o111 != 0) {
        missing = 0;
    } else if caller.capabilities & OVERRIDE != 0 {
        missing &= SEARCH;
    } else if caller.capabilities & READ_SEARCH != 0 {
        missing &= if folder { WRITE } else { WRITE | SEARCH };
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::{
        super::asked::{CREATE, WRITE_ONLY, asked, open},
        *,
    };

    fn component(path: &str, mode: u32, uid: u32) -> Component {
        Component {
            path: path.into(),
            mode,
            uid,
            gid: 0,
            attributes: Vec::new(),
            xattrs: Vec::new(),
            mount: None,
        }
    }

    fn caller(uid: u64, capabilities: u64) -> Caller {
        Caller {
            uid,
            capabilities,
            groups: None,
        }
    }

    #[test]
    fn the_first_folder_that_refuses_is_named() {
        let file = NamedFile {
            folders: vec![
                component("/", 0o40755, 0),
                component("/a", 0o40700, 0),
                component("/a/b", 0o40755, 0),
            ],
            target: Some(component("/a/b/c", 0o100_600, 0)),
            links: Vec::new(),
        };
        let asked = asked("openat", &[0, 0, 0, 0, 0, 0]).unwrap();
        let found = refused(&file, "", asked, &caller(1000, 0)).unwrap();
        assert_eq!((found.0.path.as_str(), found.1), ("/a", SEARCH));
        assert_eq!(refused(&file, "", asked, &caller(0, 0)), None);
        let found = refused(&file, "", asked, &caller(1000, READ_SEARCH));
        assert_eq!(found, None);
    }

    #[test]
    fn folders_above_the_one_that_the_path_leads_from_are_not_searched() {
        let file = NamedFile {
            folders: vec![
                component("/", 0o40755, 0),
                component("/a", 0o40700, 0),
                component("/a/b", 0o40700, 0),
                component("/a/b/c", 0o40700, 0),
            ],
            target: None,
            links: Vec::new(),
        };
        let asked = asked("newfstatat", &[0; 6]).unwrap();
        let path =
            |start| refused(&file, start, asked, &caller(5, 0)).map(|(one, _)| &one.path[..]);
        assert_eq!(path(""), Some("/a"));
        assert_eq!(path("/a/b"), Some("/a/b"));
        assert_eq!(path("/a/b/c"), Some("/a/b/c"));
    }

    #[test]
    fn a_group_that_is_known_decides() {
        let mut file = component("/x", 0o100_640, 0);
        file.gid = 7;
        let of = |groups: &[u32]| Caller {
            groups: Some(groups.to_vec()),
            ..caller(5, 0)
        };
        assert_eq!(missing(&file, READ, false, &of(&[7])), 0);
        assert_eq!(missing(&file, READ, false, &of(&[8])), READ);
        file.mode = 0o100_604;
        assert_eq!(missing(&file, READ, false, &of(&[7])), READ);
    }

    #[test]
    fn a_new_file_needs_its_folder_and_an_old_one_does_not() {
        let mut file = NamedFile {
            folders: vec![component("/", 0o40755, 0)],
            target: Some(component("/x", 0o100_666, 0)),
            links: Vec::new(),
        };
        let create = open(WRITE_ONLY | CREATE);
        assert_eq!(refused(&file, "", create, &caller(5, 0)), None);
        file.target = None;
        assert_eq!(refused(&file, "", create, &caller(5, 0)).unwrap().1, WRITE);
        assert_eq!(refused(&file, "", create, &caller(5, OVERRIDE)), None);
    }

    #[test]
    fn what_a_group_or_a_list_may_allow_is_not_refused() {
        let mut file = component("/x", 0o100_640, 0);
        assert_eq!(missing(&file, READ, false, &caller(5, 0)), 0);
        assert_eq!(missing(&file, WRITE, false, &caller(5, 0)), WRITE);
        file.xattrs.push("system.posix_acl_access".into());
        assert_eq!(missing(&file, WRITE, false, &caller(5, 0)), 0);
        // Even root executes only what somebody may execute.
        let file = component("/x", 0o100_644, 0);
        assert_eq!(missing(&file, SEARCH, false, &caller(0, OVERRIDE)), SEARCH);
    }
}
