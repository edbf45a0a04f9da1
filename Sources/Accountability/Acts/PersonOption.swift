internal import ArgumentParser
internal import Foundation
internal import Stages
internal import Tables

/// The person who acts.
///
/// The ledger records it, and `accountability audit-trail` lists it.
struct PersonOption: ParsableArguments {
    @Option(help: ArgumentHelp("The person who does this; default: the operating account.", valueName: "person"))
    var by: String?

    /// Set if the console starts the command for a person who signed in there.
    @Flag(name: .customLong("from-console"), help: ArgumentHelp("The console does it.", visibility: .private))
    var isFromConsole = false

    /// The channel of the act.
    var channel: FileIngestion.Options.Channel { isFromConsole ? .console : .command }

    /// The person, as it is written down.
    var name: String { PlainText.escaped(by ?? Self.account, limit: 200) }

    /// A container may run under a number that has no name.
    private static var account: String {
        let name = NSUserName()
        return name.isEmpty ? "uid \(getuid())" : name
    }

    func validate() throws {
        guard by.map({ !$0.allSatisfy(\.isWhitespace) }) ?? true else {
            throw ValidationError("--by names a person")
        }
    }
}
