import Foundation
import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Console
@testable import Reading

/// Two districts, 0001 and 0002, with what each must not see of the other.
enum AccessExample {
    static let district = "00010000"
    static let other = "00020000"
    static let since: Int64 = 1_000_000

    @inline(never) static func account(_ role: Role, _ name: String = "anna", district: String? = nil) throws -> Account
    {
        let code = role == .district ? OrganizationCode(district ?? Self.district) : nil
        let cost = PasswordHash.Cost(rounds: 16, blockSize: 8, parallelism: 1)
        let password = try PasswordHash(of: "a long password", cost: cost)
        return try Account(name: name, role: role, district: code, since: since, credential: .password(password))
    }

    /// Everybody who can ask, once.
    static func frames() throws -> [PageFrame] {
        try [PageFrame(visitor: .nobody)]
            + Role.ofAccounts.map { role in
                let account = try account(role)
                return PageFrame(visitor: .person(account), colleagues: role == .district ? [account] : [])
            }
    }

    static func frame(_ role: Role) throws -> PageFrame {
        let account = try account(role)
        return PageFrame(visitor: .person(account), colleagues: role == .district ? [account] : [])
    }

    /// The example's tables, with results that are not released to the district, and files of all kinds of people.
    static func tables() throws -> ConsoleTables {
        var tables = try ExampleTables.make()
        var unreleased = try ExampleTables.exampleSchool(2019)
        (unreleased.orgCode, unreleased.name, unreleased.status) = ("00010007", "Unreleased School", "computed")
        try ExampleTables.fold(unreleased, into: &tables)
        try foldPublished(into: &tables)
        try ExampleTables.fold("designation", "underperforming", "00010007", day: 26, into: &tables)
        for (number, name, by, channel, time) in [
            (11, "own.csv", "anna", "console", since), (12, "before.csv", "anna", "console", since - 1),
            (13, "typed.csv", "anna", "command", since), (14, "watched.csv", "anna", "inbox", since),
            (15, "other.csv", "bert", "console", since),
        ] {
            var header = Accountability_V1_SubmissionHeader()
            header.submission = "20190601T0000000\(number)Z-0000\(number)"
            (header.fileName, header.layout, header.rows) = (name, "attendance", 1)
            (header.submittedBy, header.channel, header.receivedUnixMilliseconds) = (by, channel, time)
            try tables.fold(header)
        }
        for (line, organization) in [(7, "00020001"), (8, district)] {
            var message = Accountability_V1_Rejection()
            message.submission = "20190601T000000015Z-000015"
            (message.line, message.layout, message.orgCode) = (UInt64(line), "attendance", organization)
            message.code = organization == district ? "unknown_race" : "unknown_el_status"
            (message.column, message.message, message.fileName) = ("race", "race: a rule", "other.csv")
            message.schoolYear = 2019
            let key = RejectionKey(submission: message.submission, line: line, code: message.code, column: "race")
            #expect(tables.fold(Topics.rejections, key: key.utf8, value: try message.serializedBytes()))
        }
        return tables
    }

    /// A district whose results are public: one school's with fewer figures than its determination has, and one's that
    /// were withdrawn.
    private static func foldPublished(into tables: inout ConsoleTables) throws {
        for (code, name, status) in [
            (published, "Public Academy", "official"), ("00030010", "Withdrawn Academy", "withdrawn"),
        ] {
            var message = try ExampleTables.exampleSchool(2019)
            (message.orgCode, message.districtCode, message.name, message.status) = (code, "00030000", name, "official")
            message.percentile = 43
            message.spans[0].columns[0].indicators[0].value = "487.3"
            message.participation[0].rate = 97
            try ExampleTables.fold(message, into: &tables)
            let facts = ExampleTables.facts(name, code, enrollment: 2113, lowIncome: 611)
            try ExampleTables.fold(facts, code, 2019, into: &tables)
            let publication = ExampleTables.publication(2019, code, name, percentile: 43, status: status)
            try ExampleTables.fold(publication, into: &tables)
        }
    }

    /// The school of which some figures are public.
    static let published = "00030005"

    /// What must not come out to the district; the operator finds every one of these.
    static var hidden: [(what: String, pattern: Regex<Substring>)] {
        [
            ("another district's code", /\b0002[0-9]{4}\b/), ("another district's school", /School [0-9]{1,2}\b/),
            ("results before their release", /Unreleased School/),
            ("a rejection of another district", /unknown_el_status/), ("an organization of nobody", /99990005/),
            ("a file of before", /before\.csv/), ("a file of the command line", /typed\.csv/),
            ("a file of the watched folder", /watched\.csv/), ("a file of another account", /other\.csv/),
            ("what a publication does not have", /:"487\.3"|>487\.3<|,487\.3,/),
            ("students whose number is not public", /2,?113/),
            ("a share that is not public", /:"28\.9"|>28\.9<|,28\.9,/),
            ("a school whose results were withdrawn", /Withdrawn Academy/),
            ("an act that is seen with the results", /designation of 00010007/),
            ("an act about another district", /(?:review|appeal|designation) of 0002/),
            ("a file of nobody", /file-2\.csv/), ("how the stages run", /receipts|127\.0\.0\.1:9092/),
        ]
    }

    /// What the district sees.
    static var own: [Regex<Substring>] {
        [/Example District/, /own\.csv/, /unknown_grade/, /unknown_race/, /appeal of 00010005/, /Public Academy/]
    }

    /// Addresses of a route with every kind of argument and every value of every parameter.
    static func targets(_ path: String, _ query: [QueryParameter]) -> [String] {
        var paths = [path]
        for (name, values) in [
            ("{year}", ["2018", "2019"]), ("{name}", ["2019", "none"]),
            ("{code}", [district, ExampleTables.school, "00010007", "00020001", other, published, "x"]),
            ("{id}", ["0", "x"]),
        ] {
            paths = paths.flatMap { path in
                path.contains(name) ? values.map { path.replacing(name, with: $0) } : [path]
            }
        }
        var queries = [""] + query.flatMap { parameter in values(parameter.form).map { "?\(parameter.name)=\($0)" } }
        // What is compared shows nothing before an organization is chosen.
        if query.contains(where: { $0.name == "with" }) {
            queries += query.filter { $0.name != "org" }
                .flatMap { parameter in
                    values(parameter.form).map { "?org=\(ExampleTables.school)&\(parameter.name)=\($0)" }
                }
        }
        return paths.flatMap { path in queries.map { path + $0 } }
    }

    private static func values(_ form: QueryParameter.Form) -> [String] {
        switch form {
        case .choice(let words): words
        case .integer(let range): ["\(range.lowerBound)", "\(min(range.upperBound, 1000))"]
        case .schoolYear: ["2018", "2019"]
        case .organization: [district, ExampleTables.school, "00020001", "99990005"]
        case .organizations: ["00020001", published, "00030010,00010007", district]
        case .district: [district, other]
        case .day: ["2019-09-24"]
        case .submission: ["20190601T000000011Z-000011"]
        case .text: ["a", "School", "0002"]
        }
    }
}
