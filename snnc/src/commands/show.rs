//! `snnc show`: what a network consists of.

use crate::cli::{Show, ShowFormat};
use crate::failure::Failure;
use crate::{source, terminal};

/// Prints a network.
pub fn run(args: &Show, json: bool) -> Result<(), Failure> {
    let graph = source::load(&args.network)?.graph;
    let format = if json { ShowFormat::Json } else { args.format };
    terminal::print(&match format {
        ShowFormat::Table => synnet_dsl::to_table(&graph),
        ShowFormat::Yaml => synnet_dsl::to_yaml(&graph),
        ShowFormat::Json => synnet_dsl::to_json(&graph),
        ShowFormat::Dot => synnet_dsl::to_dot(&graph),
    })
}
