internal import ArgumentParser
internal import Messages
internal import Operating
internal import Rules
internal import SwiftProtobuf

/// Which organizations are asked for: one, or a district with its schools.
struct OrganizationSelection: Equatable {
    /// The code that was named; nil for all.
    let code: OrganizationCode?

    /// The selection of a code.
    ///
    /// - Throws: `ValidationError` when it is not eight digits.
    init(_ text: String?) throws {
        guard let text else {
            code = nil
            return
        }
        guard let code = OrganizationCode(text) else {
            throw ValidationError("--org takes eight digits, leading zeros included")
        }
        self.code = code
    }

    /// Whether an organization is meant: the state's code means all, a district's code its schools too.
    func contains(_ organization: String) -> Bool {
        guard let code else { return true }
        switch code.type {
        case .state: return true
        case .district: return OrganizationCode(organization)?.district == code
        case .school: return organization == code.description
        }
    }
}

/// The records of one school year in a table of the pipeline, whose keys begin with the year and the organization.
struct YearSelection {
    let year: Int
    let organizations: OrganizationSelection

    /// A year.
    ///
    /// - Throws: `ValidationError` when the year is none.
    init(_ year: Int, _ organizations: OrganizationSelection) throws {
        try Self.check(year)
        self.year = year
        self.organizations = organizations
    }

    /// Refuses what is not a school year.
    static func check(_ year: Int) throws {
        guard (1900...2999).contains(year) else {
            throw ValidationError("\(year) is not a school year; 2018-19 is 2019")
        }
    }

    /// Whether a key is of the year and of an organization that is meant.
    ///
    /// Other keys of the year, such as thresholds, count as well.
    func contains(key: String) -> Bool {
        let parts = key.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == String(year) else { return false }
        return OrganizationCode(parts[1]) == nil || organizations.contains(String(parts[1]))
    }

    /// The newest messages of the year in a topic, in the order of their keys, and every year that the topic has.
    func read<M: Message>(_ topic: TopicDefinition, _: M.Type = M.self, from connection: Connection) throws -> (
        messages: [M], years: [Int]
    ) {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var years: Set<Int> = []
        let table = try reader.table(topic, M.self) { key in
            if let end = key.firstIndex(of: "/"), let year = Int(key[..<end]) { years.insert(year) }
            return contains(key: key)
        }
        return (table.map(\.message), years.sorted())
    }

    /// Says what there is when there is nothing of the year.
    ///
    /// Throws `Failure` where nobody ever opened the year.
    func note(_ what: String, isEmpty: Bool, years: [Int], _ connection: Connection) throws {
        guard isEmpty else { return }
        try AbsentYear.settle(what, year: year, years: years, connection)
    }

    /// What there is instead of a year that is not there.
    static func absence(_ what: String, year: Int, years: [Int]) -> String {
        if years.contains(year) { return "no \(what) of \(year) that were asked for" }
        let others =
            years.isEmpty
            ? "there are none of any year" : "there are those of \(years.map(String.init).joined(separator: ", "))"
        return "no \(what) of \(year); \(others)"
    }
}
