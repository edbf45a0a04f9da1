internal import ArgumentParser
internal import Foundation
internal import Operating

/// Suggests a command name for a misspelt one.
enum CommandNames {
    /// The error for arguments with an unknown command; nil if the command is known or missing.
    static func refusal(_ arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = AccountabilityCommand.self
        var path = ["accountability"]
        for argument in arguments {
            let commands = subcommands(of: command)
            guard !commands.isEmpty, !argument.hasPrefix("-") else { return nil }
            if argument == "help", path.count == 1 { continue }
            guard let next = commands.first(where: { name(of: $0) == argument }) else {
                let call = path.joined(separator: " ")
                let known = commands.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
                let hint = nearest(to: argument, among: known).map { "did you mean '\(call) \($0)'? " } ?? ""
                return "there is no command '\(call) \(argument.prefix(40))'; \(hint)`\(call) --help` lists them all"
            }
            command = next
            path.append(argument)
        }
        return nil
    }

    private static func subcommands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        command.configuration.subcommands
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }

    /// The name with the fewest different letters; nil if none is similar.
    static func nearest(to text: String, among names: [String]) -> String? {
        let near = names.map { (name: $0, distance: distance(text, $0)) }.min { $0.distance < $1.distance }
        guard let near, near.distance <= max(2, text.count / 3) else { return nil }
        return near.name
    }

    /// How many letters have to be put in, left out or exchanged.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var corner = row[0]
            row[0] = index + 1
            for place in right.indices {
                let above = row[place + 1]
                row[place + 1] = min(above + 1, row[place] + 1, corner + (letter == right[place] ? 0 : 1))
                corner = above
            }
        }
        return row[right.count]
    }
}

/// Help as it is printed.
enum HelpText {
    /// Puts the options of Kafka after everything else: every command has them, and few runs need them.
    static func arranged(_ text: String) -> String {
        var sections = text.split(separator: "\n\n", omittingEmptySubsequences: false).map(String.init)
        guard let place = sections.firstIndex(where: { $0.hasPrefix("KAFKA:\n") }) else { return text }
        var kafka = sections.remove(at: place)
        while kafka.hasSuffix("\n") { kafka.removeLast() }
        if !kafka.contains("--property ") { kafka += "\n  The others: accountability help kafka" }
        var end = sections.last ?? ""
        while end.hasSuffix("\n") { end.removeLast() }
        return (sections.dropLast() + [end, kafka]).joined(separator: "\n\n") + "\n"
    }
}

/// `accountability help kafka`: the options of the Kafka client, which every command takes.
struct KafkaOptionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kafka",
        abstract: "Explains the options of the Kafka client, which every command takes.",
        discussion: options
    )

    private static var options: String {
        let help = BrokerOptions.helpMessage(includeHidden: true, columns: 80)
        let options = help.range(of: "OPTIONS:\n").map { help[$0.upperBound...] } ?? help[...]
        return String(options.range(of: "  -h, --help").map { options[..<$0.lowerBound] } ?? options)
    }

    func run() throws { throw CleanExit.helpRequest(self) }
}

/// The version of the programs.
enum Version {
    static let text = "1.0.0"
}
