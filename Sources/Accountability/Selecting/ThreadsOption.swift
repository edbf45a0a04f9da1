internal import ArgumentParser
internal import Foundation

/// How many threads compute a year in this process.
struct ThreadsOption: ParsableArguments {
    @Option(help: ArgumentHelp("How many threads compute; default: one for each core.", valueName: "number"))
    var threads: Int?

    func validate() throws {
        guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads takes 1 to 1024") }
    }

    /// The number.
    var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }
}
