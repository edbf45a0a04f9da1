internal import Rules

/// A parameter of a query.
///
/// It declares its valid values once, for pages, for the API and for the API's description.
struct QueryParameter: Sendable {
    /// The values that a parameter takes.
    enum Form: Sendable {
        case choice([String])
        case integer(ClosedRange<Int64>)
        case schoolYear
        /// Eight digits.
        case organization
        /// Codes of eight digits with commas between them, at most twenty.
        case organizations
        /// Eight digits that end with four zeros.
        case district
        /// A day, yyyy-mm-dd.
        case day
        /// The identity of a submission.
        case submission
        /// Any text up to this number of characters.
        case text(Int)
    }

    let name: String
    let about: String
    let form: Form

    init(_ name: String, _ about: String, _ form: Form) {
        self.name = name
        self.about = about
        self.form = form
    }

    /// Refuses an invalid value.
    func check(_ value: String) throws(Problem) {
        switch form {
        case .choice(let words):
            guard words.contains(value) else { throw refusal("takes one of \(words.joined(separator: ", "))") }
        case .integer(let range):
            guard let number = Int64(value), range.contains(number), value.utf8.allSatisfy({ $0 != UInt8(ascii: "+") })
            else {
                throw refusal("takes a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        case .schoolYear:
            guard SchoolYear.named(value) != nil else {
                throw refusal("takes a school year, the four digits of its spring: 2018-19 is 2019")
            }
        case .organization:
            guard OrganizationCode(value) != nil else {
                throw refusal("takes an organization's code: eight digits, leading zeros included")
            }
        case .organizations:
            let codes = Self.codes(value)
            let parts = value.split(separator: ",", omittingEmptySubsequences: false)
            guard codes.count == parts.count, codes.count <= 20, Set(codes).count == codes.count else {
                throw refusal("takes at most twenty codes of eight digits, each once, with commas between them")
            }
        case .district:
            guard OrganizationCode(value)?.type == .district else {
                throw refusal("takes a district's code: eight digits, the last four of them zeros")
            }
        case .day:
            guard value.wholeMatch(of: /[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])/) != nil else {
                throw refusal("takes a day such as 2019-09-24")
            }
        case .submission:
            guard (10...60).contains(value.utf8.count), value.first?.isNumber == true,
                value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
            else { throw refusal("takes the identity of a submission, as Files lists it") }
        case .text(let length):
            guard value.unicodeScalars.count <= length else { throw refusal("takes at most \(length) characters") }
        }
    }

    /// Splits a list of codes.
    static func codes(_ value: String) -> [OrganizationCode] {
        value.split(separator: ",").compactMap { OrganizationCode(String($0)) }
    }

    private func refusal(_ rule: String) -> Problem { Problem(400, "the parameter '\(name)' \(rule)") }
}

extension QueryParameter.Form {
    /// The schema of a value.
    var schema: Schema {
        switch self {
        case .choice(let words): .choice(words)
        case .integer(let range): .integer(range)
        case .schoolYear: .text(pattern: "^2(0[0-9]{2}|100)$")
        case .organization: .text(pattern: "^[0-9]{8}$")
        case .organizations: .text(pattern: "^[0-9]{8}(,[0-9]{8}){0,19}$")
        // Eight zeros are the state's code.
        case .district: .text(pattern: "^([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])0000$")
        case .day: .text(pattern: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")
        case .submission: .text(pattern: "^[0-9][0-9A-Za-z-]{9,59}$")
        // An address may not contain control characters.
        case .text(let length): .text(pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{0,\(length)}$")
        }
    }
}
