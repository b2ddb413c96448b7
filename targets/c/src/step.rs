//! The operations of a step as C: layer by layer, what it receives, then its update.

use std::fmt::Write as _;

use synnet_step::{Arithmetic, Connection, Operation, Program, Rows, Source, StateName};

use crate::header::types;
use crate::names::Names;

/// Returns the function of a step.
pub(crate) fn step(program: &Program, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let (count, output) = types(program);
    let printer = Printer { program, names };
    let mut body = String::new();
    // One array for all layers, in the size of the largest.
    let columns = program.step.iter().filter_map(|operation| match operation {
        Operation::Clear { columns } => Some(*columns),
        Operation::Update { layer, received: false } => Some(program.layers[*layer].columns),
        _ => None,
    });
    if let Some(columns) = columns.max() {
        let _ = writeln!(body, "    float received[{columns}];");
    }
    body.extend(program.step.iter().map(|operation| printer.operation(*operation)));
    body += &printer.output();
    let unused = if program.uses_input() { "" } else { "    (void)input;\n" };
    format!(
        "void {prefix}_step({prefix}_network *net, const {count} input[{macros}_INPUTS], {output} output[{macros}_OUTPUTS])
{{
{unused}{body}}}

"
    )
}

struct Printer<'a> {
    program: &'a Program,
    names: &'a Names,
}

impl Printer<'_> {
    fn operation(&self, operation: Operation) -> String {
        let (program, prefix, macros) = (self.program, &self.names.prefix, self.names.macros());
        match operation {
            Operation::CutInput { most } => format!(
                "    uint8_t cut[{macros}_INPUTS];
    for (size_t i = 0U; i < {macros}_INPUTS; i++) {{
        cut[i] = (input[i] < {most}U) ? input[i] : {most}U;
    }}
"
            ),
            Operation::Clear { columns } => clear(columns),
            Operation::AddBias { table } => {
                let table = &program.tables[table];
                let (start, columns) = (table.start, table.columns);
                format!("    {prefix}_add_bias(received, &net->weights[{start}U], {columns}U);\n")
            }
            Operation::AddEvents { connection } => {
                let width = program.connections[connection].width;
                self.with_events(connection, |events| {
                    format!("{prefix}_add_counts(received, {events}, {width}U);\n")
                })
            }
            Operation::AddRows { connection, table, rows } => {
                let table = &program.tables[table];
                let (start, sources, columns) = (table.start, table.rows, table.columns);
                let of_table = format!("&net->weights[{start}U], {sources}U, {columns}U");
                self.with_events(connection, |events| match rows {
                    Rows::Spiking => format!("{prefix}_add_rows(received, {events}, {of_table});\n"),
                    Rows::All => format!("{prefix}_add_all_rows(received, {events}, {of_table});\n"),
                    // In 32 bits, all events of a source can be added at once.
                    Rows::Integers { layer, synapse, shift, together: _, search: _ } => {
                        let isyn = if synapse == 0 { StateName::Isyn } else { StateName::Isyn2 };
                        let (layer, isyn, factor) = (&self.names.layers[layer], isyn.name(), 1_u32 << shift);
                        format!("{prefix}_add_rows(net->{layer}.{isyn}, {events}, {of_table}, {factor});\n")
                    }
                })
            }
            Operation::Update { layer, received } => {
                let (name, columns) = (&self.names.layers[layer], program.layers[layer].columns);
                match program.arithmetic {
                    Arithmetic::Integer => format!("    {prefix}_{name}_step(&net->{name});\n"),
                    Arithmetic::Float => {
                        let cleared = if received { String::new() } else { clear(columns) };
                        format!("{cleared}    {prefix}_{name}_step(&net->{name}, received);\n")
                    }
                }
            }
        }
    }

    /// Prints statements with the name of the array that holds a connection's events.
    fn with_events(&self, connection: usize, statement: impl Fn(&str) -> String) -> String {
        let name = &self.names.connections[connection];
        let connection = &self.program.connections[connection];
        if let ([source], 0) = (connection.sources.as_slice(), connection.delay) {
            let events = match (source, self.program.arithmetic) {
                (Source::Input, Arithmetic::Integer) => "cut".to_owned(),
                _ => self.names.emitted(self.program, *source),
            };
            return format!("    {}", statement(&events));
        }
        let Connection { width, delay, .. } = connection;
        let mut text = format!("    {{\n        float events[{width}];\n");
        let _ = writeln!(text, "        for (size_t i = 0U; i < {width}U; i++) {{");
        text += &self.sum(connection);
        if *delay > 0 {
            // The oldest slot is read and reused in one move.
            let slot = format!("net->{name}.counts[net->{name}.oldest][i]");
            let _ = write!(
                text,
                "            events[i] = {slot};
            {slot} = sum;
        }}
        net->{name}.oldest++;
        if (net->{name}.oldest == {delay}U) {{
            net->{name}.oldest = 0U;
        }}
"
            );
        } else {
            text += "            events[i] = sum;\n        }\n";
        }
        text += &format!("        {}    }}\n", statement("events"));
        text
    }

    /// Prints the sum of the sources of a connection, for the element `i`.
    fn sum(&self, connection: &Connection) -> String {
        let sources: Vec<String> =
            connection.sources.iter().map(|source| self.names.emitted(self.program, *source)).collect();
        match sources.as_slice() {
            [source] => format!("            const float sum = {source}[i];\n"),
            // From 0 on and source by source, as in the interpreter: the order of a float sum matters.
            sources => {
                let adds = sources.iter().map(|source| format!("            sum += {source}[i];\n"));
                format!("            float sum = 0.0f;\n{}", adds.collect::<String>())
            }
        }
    }

    fn output(&self) -> String {
        let (program, macros) = (self.program, self.names.macros());
        let (layer, state) = (&self.names.layers[program.output.layer], program.output.state.name());
        // With several numbers per neuron, the first: the current of the first synapse.
        let first = match program.output_state().map(|state| state.per_neuron) {
            Some(2..) => "[0]",
            _ => "",
        };
        format!(
            "    for (size_t i = 0U; i < {macros}_OUTPUTS; i++) {{
        output[i] = net->{layer}.{state}[i]{first};
    }}
"
        )
    }
}

fn clear(columns: usize) -> String {
    format!(
        "    for (size_t c = 0U; c < {columns}U; c++) {{
        received[c] = 0.0f;
    }}
"
    )
}
