//! Text of generated C: comments, numbers, arrays.

use synnet_step::{Constant, Scalar, Values};

/// Maximum width of a line of an array, in characters.
const WIDTH: usize = 100;

/// Returns a block comment of these lines, each of which starts with a blank. `indent` stands before every line.
pub(crate) fn comment(lines: &[String], indent: &str) -> String {
    let lines = lines.iter().map(|line| {
        // What an author wrote must not end the comment, nor look like the start of another one.
        let line = line.replace("*/", "* /").replace("/*", "/ *").replace(char::is_control, " ");
        format!("{indent} *{}", line.trim_end()) + "\n"
    });
    format!("{indent}/**\n{}{indent} */\n", lines.collect::<String>())
}

/// Returns the literal of a finite number, which evaluates to the same number.
pub(crate) fn float_literal(x: f32) -> String {
    // The shortest digits that give the number again; compilers round to the nearest.
    format!("{x:?}f")
}

/// Returns the type of numbers.
pub(crate) fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::F32 => "float",
        Scalar::I16 => "int16_t",
        Scalar::I8 => "int8_t",
        Scalar::U8 => "uint8_t",
        Scalar::U16 => "uint16_t",
    }
}

/// Returns the zero of a type.
pub(crate) fn zero(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::F32 => "0.0f",
        Scalar::I16 | Scalar::I8 => "0",
        Scalar::U8 | Scalar::U16 => "0U",
    }
}

/// Returns the literals of a constant's values.
pub(crate) fn values(constant: &Constant) -> Vec<String> {
    match &constant.values {
        Values::F32(values) => values.iter().map(|&x| float_literal(x)).collect(),
        Values::I16(values) => values.iter().map(i16::to_string).collect(),
        Values::U8(values) => values.iter().map(|x| format!("{x}U")).collect(),
        Values::U16(values) => values.iter().map(|x| format!("{x}U")).collect(),
    }
}

/// Returns the elements of an array in lines.
pub(crate) fn array(elements: &[String]) -> String {
    let mut text = String::new();
    let mut line = String::from("   ");
    for element in elements {
        if line.len() + element.len() + 2 > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(element);
        line.push(',');
    }
    text + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end_where_they_should() {
        let lines = [" a */ int x; /* b".to_owned(), String::new()];
        assert_eq!(comment(&lines, ""), "/**\n * a * / int x; / * b\n *\n */\n");
    }
}
