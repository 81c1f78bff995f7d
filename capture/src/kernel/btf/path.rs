//! Ways through structures, such as `nsproxy->mnt_ns->nr_mounts`.

use super::{Btf, Kind, MAX_DEPTH, Type, View};

/// Most members that are looked at for one of them; `task_struct` has some 250.
const MAX_MEMBERS: usize = 1 << 16;

/// One way from a structure to an integer, resolved against the running kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath {
    /// The steps; the value is at the end of the last one.
    pub(crate) steps: Vec<Step>,
    /// Size of the value, in bytes: 1, 2, 4 or 8.
    pub(crate) size: u8,
}

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Added to the address, in bytes.
    pub(crate) offset: u32,
    /// Whether a pointer is then read there and followed.
    pub(crate) deref: bool,
}

/// Where a walk stands: a type, and the distance to it from the last pointer that was followed.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    found: Type<'a>,
    /// Bytes; below 0 where the way leads to the structure around what the pointer pointed at.
    offset: i64,
}

impl Btf {
    /// Resolves `path` from the structure `start`: members by `.` or `->`, elements by `[index]`, where the
    /// index may be an enumerator's name, members of anonymous structures by their own name. `(mount.mnt)` stands for
    /// the `struct mount` whose member `mnt` the way has come to, as `container_of` does. A structure at the end
    /// that wraps one integer, such as `atomic_t`, is unwrapped. `None` when this kernel does not have the way, or it ends at neither an
    /// integer nor a pointer.
    pub(crate) fn path(&self, start: &str, path: &str) -> Option<FieldPath> {
        let view = self.view();
        let mut place = Place {
            found: view.structure(start)?,
            offset: 0,
        };
        let mut steps = Vec::new();
        for word in split(path)? {
            place = match word {
                Word::Member(name) => place.member(view, name)?,
                Word::Around(structure, name) => place.around(view, structure, name)?,
                Word::Index(index) => {
                    let number = index.parse().ok();
                    place.element(view, number.or_else(|| self.image.enumerator(index))?)?
                }
                Word::Follow => {
                    if place.found.kind != Kind::Pointer {
                        return None;
                    }
                    steps.push(Step {
                        offset: u32::try_from(place.offset).ok()?,
                        deref: true,
                    });
                    Place {
                        found: view.resolve(place.found.size_or_type)?,
                        offset: 0,
                    }
                }
            };
        }
        let place = place.unwrap(view)?;
        let size = match place.found.kind {
            Kind::Int | Kind::Enum => u8::try_from(place.found.size_or_type).ok()?,
            // Both architectures have 64-bit pointers.
            Kind::Pointer => 8,
            _ => return None,
        };
        steps.push(Step {
            offset: u32::try_from(place.offset).ok()?,
            deref: false,
        });
        matches!(size, 1 | 2 | 4 | 8).then_some(FieldPath { steps, size })
    }
}

impl<'a> Place<'a> {
    fn member(self, view: View<'a>, name: &str) -> Option<Self> {
        let mut left = MAX_MEMBERS;
        let (offset, type_id) = find_member(view, &self.found, name, MAX_DEPTH, &mut left)?;
        Some(Self {
            found: view.resolve(type_id)?,
            offset: self.offset.checked_add(offset.into())?,
        })
    }

    /// The structure of which this is the member `name`.
    fn around(self, view: View<'a>, structure: &str, name: &str) -> Option<Self> {
        let found = view.structure(structure)?;
        let mut left = MAX_MEMBERS;
        let (offset, type_id) = find_member(view, &found, name, MAX_DEPTH, &mut left)?;
        let member = view.resolve(type_id)?;
        let is_it = member.kind == self.found.kind && member.name == self.found.name;
        is_it.then_some(Self {
            found,
            offset: self.offset.checked_sub(offset.into())?,
        })
    }

    fn element(self, view: View<'a>, index: u32) -> Option<Self> {
        let (element, len) = self.found.array()?;
        let within = (self.found.kind == Kind::Array && index < len).then_some(index)?;
        let distance = within.checked_mul(view.size(element)?)?;
        Some(Self {
            found: view.resolve(element)?,
            offset: self.offset.checked_add(distance.into())?,
        })
    }

    fn unwrap(mut self, view: View<'a>) -> Option<Self> {
        for _ in 0..MAX_DEPTH {
            if self.found.kind != Kind::Struct || self.found.len != 1 {
                return Some(self);
            }
            let only = self.found.members().next().filter(|only| !only.bit_field)?;
            self.found = view.resolve(only.type_id)?;
            self.offset = self.offset.checked_add((only.offset_bits / 8).into())?;
        }
        None
    }
}

/// Offset in bytes and type of the member `name`, which may be a member of an anonymous member; no bit fields. `left`
/// bounds how many members are looked at: depth alone would not, where a structure says that it is part of itself.
fn find_member(
    view: View<'_>,
    within: &Type<'_>,
    name: &str,
    depth: usize,
    left: &mut usize,
) -> Option<(u32, u32)> {
    if !matches!(within.kind, Kind::Struct | Kind::Union) {
        return None;
    }
    within
        .members()
        .filter(|member| !member.bit_field)
        .find_map(|member| {
            *left = left.checked_sub(1)?;
            let offset = member.offset_bits / 8;
            match view.string(member.name)? {
                "" => {
                    let inner = view.resolve(member.type_id)?;
                    let (more, type_id) =
                        find_member(view, &inner, name, depth.checked_sub(1)?, left)?;
                    Some((offset.checked_add(more)?, type_id))
                }
                found => (found == name).then_some((offset, member.type_id)),
            }
        })
}

/// One word of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word<'a> {
    Member(&'a str),
    Index(&'a str),
    /// A structure, and the member of it that the way has come to.
    Around(&'a str, &'a str),
    Follow,
}

fn split(path: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("->") {
            words.push(Word::Follow);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            words.push(Word::Index(index));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('(') {
            let (around, after) = after.split_once(')')?;
            let (structure, name) = around.split_once('.')?;
            words.push(Word::Around(structure, name));
            words.push(Word::Member(after));
            rest = "";
        } else {
            let end = rest.find(['.', '-', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at_checked(end).filter(|_| end > 0)?;
            words.push(Word::Member(name));
            rest = after;
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths() {
        assert_eq!(
            split("signal->rlim[7].rlim_cur").unwrap(),
            [
                Word::Member("signal"),
                Word::Follow,
                Word::Member("rlim"),
                Word::Index("7"),
                Word::Member("rlim_cur"),
            ]
        );
        assert_eq!(split("a-b"), None);
        assert_eq!(split("a[1"), None);
    }
}
