import Foundation

/// Who receives mail for which organization: a file with a row `org_code,address` for each address, after a header of
/// these names.
package struct MailRecipients: Sendable, Hashable {
    /// Why a file is not usable.
    package struct Failure: Error, CustomStringConvertible {
        /// The problem and its place, without an address.
        package let description: String
    }

    /// The code whose addresses receive notices without another recipient: the state's, for the Department.
    package static let fallback = "00000000"

    private let addresses: [String: [String]]

    /// The recipients in a file.
    package init(contentsOf path: String) throws(Failure) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(description: "the recipients \(path) cannot be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure(description: "the recipients \(path) are not UTF-8")
        }
        do {
            try self.init(text: text)
        } catch {
            throw Failure(description: "the recipients \(path), \(error.description)")
        }
    }

    /// The recipients of a text.
    package init(text: String) throws(Failure) {
        var addresses: [String: [String]] = [:]
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            let line = index == 0 && line.first == "\u{FEFF}" ? line.dropFirst() : line
            if index == 0 {
                guard line == "org_code,address" else {
                    throw Failure(description: "line 1: the header is org_code,address")
                }
                continue
            }
            guard !line.isEmpty else { continue }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == 2, fields[0].utf8.count == 8,
                fields[0].utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else {
                throw Failure(
                    description: "line \(index + 1): an organization's eight digits, a comma and an address are wanted"
                )
            }
            guard Self.isAddress(fields[1]) else {
                throw Failure(description: "line \(index + 1): that is no address such as office@example.org")
            }
            addresses[String(fields[0]), default: []].append(String(fields[1]))
        }
        self.addresses = addresses
    }

    /// Whether a text is an address that can stand in a header as it is: name@domain in ASCII, without quotes, comments
    /// or white space.
    package static func isAddress(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 254 && text.wholeMatchesAddress
    }

    /// The addresses for the recipients of a notice, by organization and without duplicates.
    ///
    /// The state's code among the recipients means everyone.
    package func addresses(for organizations: [String]) -> [(organization: String, addresses: [String])] {
        let wanted = organizations.contains(Self.fallback) ? addresses.keys.sorted() : organizations
        var seen: Set<String> = []
        let result = wanted.compactMap { organization -> (organization: String, addresses: [String])? in
            let new = (addresses[organization] ?? []).filter { seen.insert($0.lowercased()).inserted }
            return new.isEmpty ? nil : (organization, new)
        }
        return result.isEmpty ? department : result
    }

    /// The Department's own addresses.
    package var department: [(organization: String, addresses: [String])] {
        addresses[Self.fallback].map { [(Self.fallback, $0)] } ?? []
    }
}

extension StringProtocol {
    fileprivate var wholeMatchesAddress: Bool {
        String(self)
            .wholeMatch(
                of:
                    /[A-Za-z0-9!#$%&'*+\/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+\/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*/
            ) != nil
            && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
