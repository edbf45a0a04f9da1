internal import Foundation
internal import Operating

/// Something that was looked at: in order, worth knowing, or wrong.
package struct Finding: Codable, Hashable {
    /// How bad it is.
    package enum Severity: String, Codable {
        case ok
        case warning
        case problem
    }

    package var severity: Severity
    /// The checked subject.
    package var what: String
    /// Where: a broker, a topic, a file.
    package var place: String
    /// The result.
    package var why: String
    /// The remedy; empty if none is needed.
    package var remedy: String

    package static func ok(_ what: String, _ place: String, _ why: String) -> Finding {
        Finding(severity: .ok, what: what, place: place, why: why, remedy: "")
    }

    package static func warning(_ what: String, _ place: String, _ why: String, _ remedy: String) -> Finding {
        Finding(severity: .warning, what: what, place: place, why: why, remedy: remedy)
    }

    package static func problem(_ what: String, _ place: String, _ why: String, _ remedy: String) -> Finding {
        Finding(severity: .problem, what: what, place: place, why: why, remedy: remedy)
    }

    /// Lines for people.
    package var text: String {
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
package struct Diagnosis {
    package let findings: [Finding]

    package init(findings: [Finding]) { self.findings = findings }

    package var problems: Int { findings.count { $0.severity == .problem } }
    package var warnings: Int { findings.count { $0.severity == .warning } }

    package func text() -> String {
        let verdict =
            problems > 0
            ? "\(problems) problem\(problems == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
            : warnings > 0 ? "all is well, with \(warnings) warning\(warnings == 1 ? "" : "s")" : "all is well"
        return findings.map(\.text).joined() + verdict + "\n"
    }

    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(findings), as: UTF8.self) + "\n"
    }
}
