package import Foundation
package import Operating
package import Reading
internal import Streaming

/// The deaths of one program, as the supervisor writes them down: `run/<name>.deaths.json`.
package struct Deaths: Codable, Hashable {
    /// The end of one run of the program.
    package struct Death: Codable, Hashable {
        /// Seconds since 1970.
        var time: Double
        /// How long it lived, in seconds.
        var lived: Double
        package var ending: ChildProcess.Ending
        /// The last message in its log; empty if there is none.
        package var cause: String
    }

    /// The newest last.
    package var deaths: [Death] = []
    /// All deaths since the supervisor first started the program.
    package var count = 0

    private static let kept = 20
    /// How long a death is reported.
    static let memory: Double = 600
    /// This many within ``memory`` are a crash loop.
    static let loop = 3

    mutating func add(_ death: Death) {
        count += 1
        deaths = (deaths + [death]).suffix(Self.kept)
    }

    /// The deaths of the last minutes.
    func recent(_ now: Date) -> [Death] {
        deaths.filter { now.timeIntervalSince1970 - $0.time < Self.memory }
    }

    /// The finding about a program; nil if it did not end lately.
    package func finding(_ name: String, log: String, now: Date) -> Finding? {
        let recent = recent(now)
        guard let last = recent.last else { return nil }
        let cause = last.cause.isEmpty ? last.ending.text : "\(last.ending.text): \(last.cause)"
        let times = "\(recent.count) time\(recent.count == 1 ? "" : "s")"
        let why = "it ended \(times) in the last ten minutes, last with \(cause)"
        guard recent.count >= Self.loop else {
            return .warning("restarts", name, "\(why); it was started again", "read \(log) if it continues")
        }
        return .problem("crash loop", name, "\(why); it is started again less and less often", last.remedy(log))
    }

    // MARK: The file

    static func file(_ home: Home, _ name: String) -> URL { home.run.appendingPathComponent("\(name).deaths.json") }

    package static func load(_ home: Home, _ name: String) -> Deaths {
        FileManager.default.contents(atPath: file(home, name).path)
            .flatMap { try? JSONDecoder().decode(Deaths.self, from: $0) } ?? Deaths()
    }

    func save(_ home: Home, _ name: String) {
        // A full disk must not end the supervisor: the log has it too.
        try? JSONEncoder().encode(self).write(to: Self.file(home, name), options: .atomic)
    }

    /// Forgets all deaths of a home, because a new life of it begins.
    package static func forgetAll(_ home: Home) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: home.run.path)) ?? []
        where name.hasSuffix(".deaths.json") {
            try? FileManager.default.removeItem(at: home.run.appendingPathComponent(name))
        }
    }
}

extension Deaths.Death {
    /// What to do about it.
    fileprivate func remedy(_ log: String) -> String {
        switch ending {
        case .exited(ExitStatus.configuration.rawValue):
            "fix the problem that it names; the supervisor restarts it by itself"
        case .exited(ExitStatus.brokerUnavailable.rawValue):
            "`accountability doctor` says whether the brokers answer; bring them back, and the supervisor starts it again by itself"
        case .exited(ExitStatus.tryAgain.rawValue) where cause.contains(RuntimeError.takenOver):
            "look for a second process of the same instance (`accountability down` on the other machine); read \(log)"
        case .exited(ExitStatus.tryAgain.rawValue):
            "the supervisor starts it again by itself; if it goes on, read \(log), and `accountability doctor` for what is wrong with the installation"
        case .exited, .signalled:
            "read \(log), and report the defect with it; `accountability quarantine` lists records that no stage could use"
        }
    }

    /// The last message of a program in its log, from a place on: the line that names its failure, otherwise the last
    /// line.
    static func cause(log: URL, from start: UInt64) -> String {
        guard let handle = try? FileHandle(forReadingFrom: log), let end = try? handle.seekToEnd() else { return "" }
        defer { try? handle.close() }
        try? handle.seek(toOffset: max(start, end > 8192 ? end - 8192 : 0))
        guard let data = try? handle.readToEnd() else { return "" }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        let named = lines.last { $0.contains("-worker: ") || $0.contains("Fatal error: ") || $0.contains("assert") }
        let line = named ?? lines.last ?? ""
        let visible = line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return String(String(visible).prefix(400))
    }
}
