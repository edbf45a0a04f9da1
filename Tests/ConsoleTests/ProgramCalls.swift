import Foundation
import Synchronization

@testable import Console

/// What the console called the program with, and what it gets for it.
final class ProgramCalls: Sendable {
    private let calls = Mutex<[[String]]>([])
    /// What the next calls of a command answer.
    private let answers = Mutex<[String: ProgramRunner.Outcome]>([:])

    var all: [[String]] { calls.withLock { $0 } }

    func set(_ command: String, _ code: Int32?, _ output: String, errors: String = "") {
        answers.withLock { $0[command] = .init(code: code, output: output, errors: errors) }
    }

    func take(_ arguments: [String]) -> ProgramRunner.Outcome {
        calls.withLock { $0.append(arguments) }
        let command = arguments.first ?? ""
        if let answer = answers.withLock({ $0[command] }) { return answer }
        switch command {
        case "preview": return .init(code: 0, output: Self.preview(), errors: "")
        case "submit": return .init(code: 0, output: Self.receipt, errors: "")
        case "audit-trail", "deliveries", "quarantine", "completeness":
            return .init(code: 0, output: "time,by,what\r\n1,anna,first\r\n2,bert,other.csv 00020001\r\n", errors: "")
        default: return .init(code: 0, output: "carried out\n", errors: "")
        }
    }

    /// A preview that would change organizations of two districts, and one whose results are not released.
    static func preview(status: String = "taken") -> String {
        func change(_ code: String, _ name: String) -> String {
            "{\"school_year\":2019,\"org_code\":\"\(code)\",\"name\":\"\(name)\",\"from\":{\"classification\":\"a\",\"level\":\"b\"},"
                + "\"to\":{\"classification\":\"c\",\"level\":\"d\"},\"fields\":[\"percentile: 1 → 2\"],\"causes\":[],\"rows\":[]}"
        }
        return
            "{\"submissions\":[{\"submission\":\"s\",\"status\":\"\(status)\",\"rows\":3,\"accepted\":2,\"rejected\":1,\"unchanged\":0,"
            + "\"message\":\"the header is unknown\",\"rejections\":{\"unknown_grade\":1}}],\"determinations\":{\"before\":7777,\"after\":7777,\"changed\":3},"
            + "\"changes\":[\(change(ExampleTables.school, "Own School")),\(change("00020001", "School 1")),\(change("00010007", "Unreleased School"))]}"
    }

    static let receipt =
        "[{\"submission\":\"20190601T000000099Z-000099\",\"fileName\":\"file.csv\",\"status\":\"committed\",\"layout\":\"attendance\",\"rows\":3,"
        + "\"accepted\":2,\"rejected\":1,\"unchanged\":0,\"replaced\":0,\"deleted\":0,\"undeclared\":0,\"held\":0,\"heldYears\":[],"
        + "\"rejections\":{\"unknown_grade\":1},\"seconds\":0.5}]"
}
