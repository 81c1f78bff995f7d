//! What functions are given, and where pointers in structures lead.

use format_spec::record::{Parameter, PointerField};

use super::{Btf, Kind, View};

/// Most parameters of one function (`MAX_BPF_FUNC_REG_ARGS` is 5; the widest functions of the kernel have about 15).
const MAX_PARAMETERS: usize = 16;

/// Most members of one structure, those of structures within it included, that are looked at.
const MAX_MEMBERS: usize = 4096;

/// Deepest nesting of structures that is followed.
const MAX_LEVELS: usize = 4;

/// A function's prototype: its parameters, and the structure that its result points to, or nothing.
pub(crate) type Given = (Vec<Parameter>, String);

impl Btf {
    /// The prototype of the function that kallsyms calls `name`, in the image; `None` for the compiler's clones, whose
    /// parameters are others, and where BTF has several of that name.
    pub(crate) fn prototype(&self, name: &str) -> Option<Given> {
        let view = self.view();
        let mut found = self.image.candidates(name).filter_map(|id| {
            let function = view.get(id)?;
            let is_it = function.kind == Kind::Function && view.string(function.name) == Some(name);
            let prototype = view.get(function.size_or_type).filter(|_| is_it)?;
            (prototype.kind == Kind::Prototype).then_some(prototype)
        });
        let prototype = found.next()?;
        if found.next().is_some() {
            return None;
        }
        let parameters = prototype.parameters().take(MAX_PARAMETERS);
        let parameter = |(name, id)| Parameter {
            name: view.string(name).unwrap_or_default().to_owned(),
            to: view.pointee(id).unwrap_or_default().to_owned(),
        };
        let returns_to = view.pointee(prototype.size_or_type).unwrap_or_default();
        Some((parameters.map(parameter).collect(), returns_to.to_owned()))
    }

    /// The pointers to structures in `structure`.
    pub(crate) fn pointers(&self, structure: &str) -> Vec<PointerField> {
        let view = self.view();
        let mut pointers = Vec::new();
        let Some(found) = view.structure(structure) else {
            return pointers;
        };
        let mut waiting = vec![(found, 0u32, 0usize)];
        let mut left = MAX_MEMBERS;
        while let Some((within, start, level)) = waiting.pop() {
            for member in within.members().filter(|member| !member.bit_field) {
                let Some(fewer) = left.checked_sub(1) else {
                    return pointers;
                };
                left = fewer;
                let offset = start.saturating_add(member.offset_bits / 8);
                match view.resolve(member.type_id) {
                    Some(inner) if matches!(inner.kind, Kind::Struct | Kind::Union) => {
                        if level < MAX_LEVELS {
                            waiting.push((inner, offset, level + 1));
                        }
                    }
                    _ => pointers.extend(view.pointee(member.type_id).map(|to| PointerField {
                        structure: structure.to_owned(),
                        offset,
                        to: to.to_owned(),
                    })),
                }
            }
        }
        pointers.sort_by(|a, b| (a.offset, &a.to).cmp(&(b.offset, &b.to)));
        pointers
    }
}

impl<'a> View<'a> {
    /// The name of the structure that a type points to.
    fn pointee(self, id: u32) -> Option<&'a str> {
        let pointer = self.resolve(id)?;
        if pointer.kind != Kind::Pointer {
            return None;
        }
        let to = self.resolve(pointer.size_or_type)?;
        let name = (to.kind == Kind::Struct).then_some(to.name)?;
        self.string(name).filter(|name| !name.is_empty())
    }
}
