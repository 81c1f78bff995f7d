//! Field offsets of the structures that hold limits and what is used of them.

use format_spec::record::{FieldLayout, TypeLayouts};

use super::{Btf, Kind, Type, View};

/// The structures, and how deep structures within are opened. Those that a kernel does not have are left out.
const STRUCTURES: [(&str, usize); 51] = [
    ("bpf_prog_aux", 1),
    ("cgroup_namespace", 2),
    ("cred", 2),
    ("css_set", 1),
    ("dentry", 2),
    ("eventpoll", 2),
    ("ext4_sb_info", 1),
    ("fdtable", 1),
    ("file", 2),
    ("files_struct", 2),
    ("fs_struct", 2),
    ("fsnotify_group", 2),
    ("inode", 2),
    ("ipc_ids", 2),
    ("ipc_namespace", 3),
    ("kern_ipc_perm", 2),
    ("key_user", 2),
    ("kioctx", 2),
    ("linux_binprm", 1),
    ("mem_cgroup", 2),
    ("mm_struct", 3),
    ("mnt_namespace", 2),
    ("mount", 2),
    ("mqueue_inode_info", 2),
    ("msg_queue", 2),
    ("neigh_table", 2),
    ("net", 3),
    ("netns_ipv4", 2),
    ("nsproxy", 1),
    ("page_counter", 2),
    ("pid_namespace", 2),
    ("pids_cgroup", 2),
    ("pipe_inode_info", 2),
    ("pneigh_entry", 1),
    ("sem_array", 2),
    ("shmem_sb_info", 2),
    ("shmid_kernel", 2),
    ("signal_struct", 2),
    ("sk_buff", 1),
    ("sock", 2),
    ("socket", 2),
    ("super_block", 2),
    ("task_struct", 1),
    ("time_namespace", 2),
    ("ucounts", 2),
    ("unix_sock", 1),
    ("user_namespace", 2),
    ("user_struct", 2),
    ("uts_namespace", 1),
    ("vfsmount", 1),
    ("vm_area_struct", 2),
];

/// Longest array whose elements are listed one by one: `rlim` has 16, `ucount_max` fewer than 20.
const MAX_ELEMENTS: u32 = 24;

/// Most fields of one structure, and most members and elements that are looked at for them: a structure that says
/// that it is part of itself has no field, and would be opened for ever.
const MAX_FIELDS: usize = 4096;
const MAX_LOOKED_AT: usize = 4 * MAX_FIELDS;

/// Deepest nesting that is followed, anonymous structures and arrays of arrays included.
const MAX_LEVELS: usize = 16;

impl Btf {
    /// The fields of the structures that a reader of machine code meets around limits.
    pub(crate) fn layouts(&self) -> TypeLayouts {
        self.layouts_of(STRUCTURES, MAX_FIELDS)
    }

    /// Names of these structures.
    pub(crate) fn structures() -> impl Iterator<Item = &'static str> {
        STRUCTURES.into_iter().map(|(structure, _)| structure)
    }

    /// The fields of structures, `most` of each at most; beside each, how deep structures within are opened.
    pub(crate) fn layouts_of<'a>(
        &self,
        structures: impl IntoIterator<Item = (&'a str, usize)>,
        most: usize,
    ) -> TypeLayouts {
        let mut layouts = TypeLayouts::default();
        let view = self.view();
        for (structure, depth) in structures {
            let Some(found) = view.structure(structure) else {
                continue;
            };
            let mut walk = Walk {
                view,
                structure,
                fields: Vec::new(),
                most,
                left: MAX_LOOKED_AT,
            };
            let place = Place {
                offset: 0,
                depth,
                levels: MAX_LEVELS,
            };
            walk.members(&found, "", place);
            layouts.fields.append(&mut walk.fields);
        }
        layouts
    }

    /// Size of a structure, in bytes.
    pub(crate) fn size_of(&self, structure: &str) -> Option<u32> {
        Some(self.view().structure(structure)?.size_or_type)
    }

    /// Offset of a member of a structure, in bytes.
    pub(crate) fn offset_of(&self, structure: &str, member: &str) -> Option<u32> {
        let view = self.view();
        let found = view.structure(structure)?;
        let is_it = |name| view.string(name) == Some(member);
        let member = found.members().find(|found| is_it(found.name))?;
        Some(member.offset_bits / 8)
    }
}

/// The fields of one structure being listed.
struct Walk<'a> {
    view: View<'a>,
    structure: &'a str,
    fields: Vec<FieldLayout>,
    /// Fields that are listed.
    most: usize,
    /// Members and elements that may still be looked at.
    left: usize,
}

/// Where a walk stands.
#[derive(Clone, Copy)]
struct Place {
    /// From the start of the structure, in bytes.
    offset: u32,
    /// Named structures that may still be opened.
    depth: usize,
    /// Calls that may still be nested.
    levels: usize,
}

impl Walk<'_> {
    fn members(&mut self, within: &Type<'_>, prefix: &str, place: Place) {
        for member in within.members().filter(|member| !member.bit_field) {
            if self.left == 0 {
                return;
            }
            let name = self.view.string(member.name).unwrap_or("");
            let path = match (prefix, name) {
                (_, "") => prefix.to_owned(),
                ("", _) => name.to_owned(),
                _ => format!("{prefix}.{name}"),
            };
            // An anonymous structure is part of the one around it.
            let opened = usize::from(!name.is_empty());
            let place = Place {
                offset: place.offset.saturating_add(member.offset_bits / 8),
                depth: place.depth.saturating_sub(opened),
                levels: place.levels,
            };
            self.field(member.type_id, path, place);
        }
    }

    fn field(&mut self, id: u32, path: String, place: Place) {
        let Some(left) = self.left.checked_sub(1) else {
            return;
        };
        self.left = left;
        let (Some(found), Some(size)) = (self.view.resolve(id), self.view.size(id)) else {
            return;
        };
        let Some(levels) = place.levels.checked_sub(1) else {
            return;
        };
        if self.fields.len() >= self.most || size == 0 {
            return;
        }
        let place = Place { levels, ..place };
        // Structures of one member, such as atomic_t, say no more when opened.
        let opens = match found.kind {
            Kind::Struct | Kind::Union => path.is_empty() || place.depth > 0 && found.len != 1,
            _ => false,
        };
        let elements = (found.kind == Kind::Array).then(|| found.array()).flatten();
        match elements {
            _ if opens => self.members(&found, &path, place),
            Some((element, len)) if len <= MAX_ELEMENTS => {
                let step = size / len.max(1);
                for index in 0..len {
                    let offset = place.offset.saturating_add(index.saturating_mul(step));
                    self.field(
                        element,
                        format!("{path}[{index}]"),
                        Place { offset, ..place },
                    );
                }
            }
            _ => self.fields.push(FieldLayout {
                structure: self.structure.to_owned(),
                field: path,
                offset: place.offset,
                size,
            }),
        }
    }
}
