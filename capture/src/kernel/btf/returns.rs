//! What functions return.

use format_spec::record::ReturnType;

use super::{Btf, Kind, Section, View};

impl Btf {
    /// What the function returns that kallsyms calls `name`, in the image or in `module`.
    ///
    /// The compiler's clones: `.isra.N` and `.constprop.N` change parameters and keep what is returned, if it is
    /// used at all. `.part.N` and `.cold` are pieces, which may return nothing where the whole returns a value.
    /// Functions of one name that return different types are [`ReturnType::Unknown`], for BTF does not say which
    /// is which.
    pub(crate) fn return_type(&self, name: &str, module: Option<&str>) -> ReturnType {
        let (name, suffixes) = name.split_once('.').unwrap_or((name, ""));
        let pieces = ["part", "cold"];
        if suffixes.split('.').any(|suffix| pieces.contains(&suffix)) {
            return ReturnType::Unknown;
        }
        match module {
            None => self.view().returns_of(&self.image, name),
            Some(module) => self.module(module).map_or(ReturnType::Unknown, |section| {
                let view = View {
                    module: Some(&section),
                    ..self.view()
                };
                view.returns_of(&section, name)
            }),
        }
    }
}

impl View<'_> {
    fn returns_of(self, section: &Section, name: &str) -> ReturnType {
        let mut types = section.candidates(name).filter_map(|id| {
            let function = self.get(id)?;
            let is_it = function.kind == Kind::Function && self.string(function.name) == Some(name);
            let prototype = self.get(function.size_or_type).filter(|_| is_it)?;
            (prototype.kind == Kind::Prototype).then(|| self.classify(prototype.size_or_type))
        });
        let Some(first) = types.next() else {
            return ReturnType::Unknown;
        };
        if types.all(|other| other == first) {
            first
        } else {
            ReturnType::Unknown
        }
    }

    fn classify(self, id: u32) -> ReturnType {
        if id == 0 {
            return ReturnType::Void;
        }
        let Some(found) = self.resolve(id) else {
            return self.void_behind(id);
        };
        let bits = match u8::try_from(found.size_or_type) {
            Ok(bytes @ (1 | 2 | 4 | 8)) => bytes * 8,
            _ => 0,
        };
        match (found.kind, bits) {
            (Kind::Pointer, _) => ReturnType::Pointer,
            (Kind::Struct | Kind::Union, _) => ReturnType::Aggregate,
            (Kind::Enum, 8..) if found.flag => ReturnType::Signed(bits),
            (Kind::Enum, 8..) => ReturnType::Unsigned(bits),
            (Kind::Int, 8..) => match found.int() {
                Some((encoding, _)) if encoding & 4 != 0 => ReturnType::Bool,
                Some((encoding, _)) if encoding & 1 != 0 => ReturnType::Signed(bits),
                _ => ReturnType::Unsigned(bits),
            },
            _ => ReturnType::Unknown,
        }
    }

    /// A chain of typedefs and qualifiers that ends at void, or nowhere.
    fn void_behind(self, mut id: u32) -> ReturnType {
        for _ in 0..super::MAX_DEPTH {
            match self.get(id) {
                _ if id == 0 => return ReturnType::Void,
                Some(found) if found.kind == Kind::Alias => id = found.size_or_type,
                _ => break,
            }
        }
        ReturnType::Unknown
    }
}
