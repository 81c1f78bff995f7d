//! The `format` files under `events/` and the text of `events/header_page`.

/// A text that is not a format file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the event format: {what}")]
pub struct FormatError {
    /// Line number from 1; 0 for the text as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// One event's layout, from a text such as
///
/// ```text
/// name: funcgraph_entry
/// ID: 11
/// format:
///     field:unsigned short common_type;  offset:0;  size:2;  signed:0;
///     ...
///     field:unsigned long func;          offset:8;  size:8;  signed:0;
///     field:int depth;                   offset:16; size:4;  signed:1;
/// ```
///
/// (`kernel/trace/trace_events.c`, `f_show`.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFormat {
    /// Event name.
    pub name: String,
    /// Event id: the `common_type` of its records.
    pub id: u16,
    /// Fields in the order of the text, the common ones included.
    pub fields: Vec<Field>,
}

/// One field of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name, without the brackets of an array.
    pub name: String,
    /// C type, for example `unsigned long` or `__data_loc char[]`.
    pub c_type: String,
    /// Offset in the record, in bytes.
    pub offset: usize,
    /// Size, in bytes; 0 for an array that runs to the record's end.
    pub size: usize,
    /// Whether it is signed.
    pub signed: bool,
    /// Whether it is an array.
    pub array: bool,
}

/// Most fields of one event: kprobe events have at most 128 arguments (`MAX_TRACE_ARGS`).
const MAX_FIELDS: usize = 256;

impl EventFormat {
    /// Reads a `format` file.
    ///
    /// # Errors
    /// When name or id are missing, or a field line is malformed.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut name = None;
        let mut id = None;
        for (number, line) in text.lines().enumerate() {
            if let Some(value) = line.strip_prefix("name:") {
                name = Some(value.trim().to_owned());
            } else if let Some(value) = line.strip_prefix("ID:") {
                let what = "the id is not a 16-bit number";
                let bad = |_| FormatError {
                    line: number + 1,
                    what,
                };
                id = Some(value.trim().parse().map_err(bad)?);
            }
        }
        Ok(Self {
            name: name.ok_or(FormatError {
                line: 0,
                what: "no name",
            })?,
            id: id.ok_or(FormatError {
                line: 0,
                what: "no ID",
            })?,
            fields: Field::parse_all(text)?,
        })
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// Reads all `field:` lines of a text.
    ///
    /// # Errors
    /// When such a line is malformed, or there are too many.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, FormatError> {
        let mut fields = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let Some(rest) = line.trim_start().strip_prefix("field:") else {
                continue;
            };
            let error = |what| FormatError {
                line: number + 1,
                what,
            };
            if fields.len() == MAX_FIELDS {
                return Err(error("too many fields"));
            }
            fields.push(Self::parse(rest).ok_or(error("not a field"))?);
        }
        Ok(fields)
    }

    fn parse(rest: &str) -> Option<Self> {
        let mut parts = rest.split(';').map(str::trim);
        let declaration = parts.next()?;
        let mut offset = None;
        let mut size = None;
        let mut signed = false;
        for part in parts {
            match part.split_once(':') {
                Some(("offset", value)) => offset = Some(value.trim().parse().ok()?),
                Some(("size", value)) => size = Some(value.trim().parse().ok()?),
                Some(("signed", value)) => signed = value.trim() == "1",
                _ => {}
            }
        }
        let (bare, array) = match declaration.split_once('[') {
            // `__data_loc char[] path`: the brackets belong to the type.
            Some((_, after)) if after.split_once(']')?.1.trim().is_empty() => {
                (declaration.split_once('[')?.0, true)
            }
            Some(_) => (declaration, true),
            None => (declaration, false),
        };
        let (c_type, name) = bare.trim().rsplit_once([' ', '*'])?;
        Some(Self {
            name: name.to_owned(),
            c_type: c_type.trim().to_owned(),
            offset: offset?,
            size: size?,
            signed,
            array,
        })
    }

    /// The field's value in `record`, sign-extended; `None` when it is no integer of 1, 2, 4 or 8 bytes or not there.
    #[must_use]
    pub fn read(&self, record: &[u8]) -> Option<i64> {
        let bytes = record.get(self.offset..self.offset.checked_add(self.size)?)?;
        let mut wide = [0; 8];
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let value = i64::from_le_bytes(wide);
        let shift = match self.size {
            1 | 2 | 4 | 8 => 64 - 8 * u32::try_from(self.size).ok()?,
            _ => return None,
        };
        Some(if self.signed {
            value << shift >> shift
        } else {
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "name: funcgraph_entry\nID: 11\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\
        \tfield:unsigned long func;\toffset:8;\tsize:8;\tsigned:0;\n\
        \tfield:int depth;\toffset:16;\tsize:4;\tsigned:1;\n\
        \tfield:unsigned long args[];\toffset:24;\tsize:0;\tsigned:0;\n\
        \tfield:__data_loc char[] path;\toffset:24;\tsize:4;\tsigned:0;\n\
        print fmt: \"--> %ps (%d)\", (void *)REC->func, REC->depth\n";

    #[test]
    fn reads_a_format_file() {
        let format = EventFormat::parse(ENTRY).unwrap();
        assert_eq!((format.name.as_str(), format.id), ("funcgraph_entry", 11));
        let depth = format.field("depth").unwrap();
        assert_eq!((depth.offset, depth.size, depth.signed), (16, 4, true));
        assert!(format.field("args").unwrap().array);
        assert_eq!(format.field("path").unwrap().c_type, "__data_loc char[]");
        let mut record = [0; 24];
        record[16..20].copy_from_slice(&(-28i32).to_le_bytes());
        assert_eq!(depth.read(&record), Some(-28));
        assert_eq!(depth.read(&record[..18]), None);
    }

    #[test]
    fn refuses_what_is_no_format() {
        assert!(EventFormat::parse("").is_err());
        assert!(EventFormat::parse("name: x\nID: 70000\n").is_err());
        assert!(EventFormat::parse("name: x\nID: 1\n\tfield:int;\n").is_err());
    }
}
