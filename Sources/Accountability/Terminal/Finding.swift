internal import Foundation
internal import Operating

/// Something that was looked at: in order, worth knowing, or wrong.
struct Finding: Codable, Hashable {
    /// How bad it is.
    enum Severity: String, Codable {
        case ok
        case warning
        case problem
    }

    var severity: Severity
    /// What was looked at.
    var what: String
    /// Where: a broker, a topic, a file.
    var place: String
    /// What was found.
    var why: String
    /// What to do; empty where nothing is.
    var remedy: String

    static func ok(_ what: String, _ place: String, _ why: String) -> Finding {
        Finding(severity: .ok, what: what, place: place, why: why, remedy: "")
    }

    static func warning(_ what: String, _ place: String, _ why: String, _ remedy: String) -> Finding {
        Finding(severity: .warning, what: what, place: place, why: why, remedy: remedy)
    }

    static func problem(_ what: String, _ place: String, _ why: String, _ remedy: String) -> Finding {
        Finding(severity: .problem, what: what, place: place, why: why, remedy: remedy)
    }

    /// Lines for people.
    var text: String {
        let mark =
            switch severity {
            case .ok: "ok     "
            case .warning: "warning"
            case .problem: "PROBLEM"
            }
        let line = "\(mark)  \(what)\(place.isEmpty ? "" : " (\(place))"): \(why)\n"
        return remedy.isEmpty ? line : line + "         → \(remedy)\n"
    }
}

/// Findings as text and as JSON.
struct Diagnosis {
    let findings: [Finding]

    var problems: Int { findings.count { $0.severity == .problem } }
    var warnings: Int { findings.count { $0.severity == .warning } }

    func text() -> String {
        let verdict =
            problems > 0
            ? "\(problems) problem\(problems == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
            : warnings > 0 ? "all is well, with \(warnings) warning\(warnings == 1 ? "" : "s")" : "all is well"
        return findings.map(\.text).joined() + verdict + "\n"
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(findings), as: UTF8.self) + "\n"
    }
}
