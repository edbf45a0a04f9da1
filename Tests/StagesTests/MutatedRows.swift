import Foundation
import Messages
import Streaming

/// Files of rows that are broken in every way that a seed can think of, and of rows that are not.
struct MutatedRows {
    /// What every clear identifier and every piece of nonsense begins with, so that it can be looked for in what comes
    /// out.
    static let mark = "QZX"
    /// What is wrong with a row for certain, and the code that tells it.
    enum Ailment: CaseIterable {
        case wrongYear, unknownOrganization, duplicate, notation, fewer, more, nul, encoding, strayQuote, unclosedQuote,
            carriageReturn, long, nonsense
    }

    let layout: Layout
    private(set) var bytes: [UInt8] = []
    /// Lines of rows that nothing was done to.
    private(set) var healthy: Set<UInt64> = []
    private(set) var rows = 0
    private(set) var ailments: [Ailment: Int] = [:]

    private let template: [[UInt8]]
    private let organizations: [[UInt8]] = ["00010505", "00020505", "00030505"].map { Array($0.utf8) }
    private let numbers: [Int]
    private var line: UInt64 = 2
    private var lastHealthy: [UInt8] = []

    /// Nonsense that means something somewhere.
    private static let junk: [[UInt8]] =
        [
            "", "0", "-1", "+5", "1e3", "0x10", "1,5", "٣", "999999999999999999999999", "9223372036854775807",
            "-9223372036854775808", "NaN", "Infinity", " 5", "5 ",
            "5.0", "1/2", "#REF!", "=1+1", "T", "ABS", "EXF", "Y", "yes", "\u{0}", "é", "\u{FEFF}", "\u{202E}",
            "0001050", "000105050", "2019-02-30", "19", "K", "\"\"",
            "all_students", "white", "DROP TABLE", "\u{1F3EB}", "null", "~", "../..", "<b>",
        ]
        .map { Array("\(mark)\($0)".utf8) + [] }
        + [
            "", "0", "-1", "101", "1e3", "T", "ABS", "EXF", "EXN", "Y", "N", "3", "10", "12", "13", "EL", "FY", "2018",
            "00020000",
        ]
        .map { Array($0.utf8) }

    init(layout: Layout, rows count: Int, random: inout SplitMix64) {
        self.layout = layout
        let valid = validRow(layout)
        template = layout.columns.map { Array((valid[$0.name] ?? "").utf8) }
        numbers = layout.columns.indices.filter {
            switch layout.columns[$0].kind {
            case .integer, .decimal: true
            default: false
            }
        }
        bytes.reserveCapacity(count * 160)
        // Some files begin with a byte-order mark, some end their lines as Windows does.
        if random.next() % 4 == 0 { bytes += [0xEF, 0xBB, 0xBF] }
        let ending: [UInt8] = random.next() % 4 == 0 ? [0x0D, 0x0A] : [0x0A]
        bytes += layout.columns.map(\.name).joined(separator: ",").utf8
        bytes += ending
        for number in 0..<count { append(number, ending, &random) }
    }

    private mutating func append(_ number: Int, _ ending: [UInt8], _ random: inout SplitMix64) {
        var fields = template
        distinguish(&fields, number)
        rows += 1
        let isHealthy = random.next() % 4 == 0
        let ailment = Ailment.allCases[Int(random.next() % UInt64(Ailment.allCases.count))]
        guard !isHealthy else {
            healthy.insert(line)
            lastHealthy = Self.joined(fields)
            return finish(lastHealthy, ending)
        }
        ailments[ailment, default: 0] += 1
        let some = Int(random.next() % UInt64(fields.count))
        switch ailment {
        case .wrongYear: fields[0] = Array("\(2100 - random.next() % 80)".utf8)
        case .unknownOrganization: fields[1] = Array("77770505".utf8)
        case .duplicate where !lastHealthy.isEmpty: return finish(lastHealthy, ending)
        case .notation where !numbers.isEmpty:
            fields[numbers[some % numbers.count]] = Self.junk[Int(random.next() % UInt64(Self.junk.count))]
        case .fewer: fields.removeLast(1 + some % max(1, fields.count - 1))
        case .more: fields.append(Array("\(Self.mark)extra".utf8))
        case .nul: fields[some].append(0)
        case .encoding: fields[some] += [0xC3, 0x28, 0xFF]
        case .strayQuote: fields[some] = Array("\(Self.mark)\"x".utf8)
        // It is closed on its line: one that is not would take the next rows into the field, as RFC 4180 has it.
        case .unclosedQuote: fields[some] = Array("\"\(Self.mark)".utf8) + Array("\"x\"".utf8)
        case .carriageReturn: fields[some] += [0x0D, 0x41]
        case .long where random.next() % 64 == 0: fields[some] = Array(repeating: UInt8(ascii: "9"), count: 70_000)
        default:
            repeat {
                fields[Int(random.next() % UInt64(fields.count))] = Self.quoted(
                    Self.junk[Int(random.next() % UInt64(Self.junk.count))]
                )
            } while random.next() % 2 == 0
        }
        finish(Self.joined(fields), ending)
    }

    /// Makes the key of a row its own.
    private func distinguish(_ fields: inout [[UInt8]], _ number: Int) {
        fields[1] = organizations[number % organizations.count]
        if let student = layout.index(of: "student_id") { fields[student] = Array("\(Self.mark)-\(number)".utf8) }
    }

    private mutating func finish(_ text: [UInt8], _ ending: [UInt8]) {
        bytes += text
        bytes += ending
        line += 1
    }

    private static func joined(_ fields: [[UInt8]]) -> [UInt8] {
        var text: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += field
        }
        return text
    }

    private static func quoted(_ field: [UInt8]) -> [UInt8] {
        guard field.contains(where: { $0 == 0x22 || $0 == 0x2C }) else { return field }
        return [0x22] + field.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] } + [0x22]
    }
}
