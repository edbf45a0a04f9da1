/// The fields of a form, and its file if it has one.
struct FormData: Sendable {
    /// A file of a form.
    struct File: Sendable {
        /// Its name without a folder.
        ///
        /// Some browsers send the name that the person's machine uses.
        let name: String
        let bytes: ArraySlice<UInt8>
    }

    private(set) var fields: [String: String] = [:]
    private(set) var file: File?

    /// - Throws: ``Problem`` for anything that no form of the console would send.
    init(_ request: ConsoleRequest) throws(Problem) {
        let type = request.contentType ?? ""
        if type.lowercased().hasPrefix("application/x-www-form-urlencoded") {
            try readFields(request.body)
        } else if let boundary = Self.boundary(of: type) {
            try readParts(request.body, boundary)
        } else {
            throw Problem(415, "this address takes only forms")
        }
    }

    subscript(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }

    private mutating func readFields(_ body: [UInt8]) throws(Problem) {
        guard let text = String(validating: body, as: UTF8.self) else { throw Problem(400, "the form is not UTF-8") }
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? try RequestTarget.decoded(sides[1], isQuery: true) : ""
            try put(try RequestTarget.decoded(sides[0], isQuery: true), value)
        }
    }

    private mutating func put(_ name: String, _ value: String) throws(Problem) {
        guard fields.updateValue(value, forKey: name) == nil else { throw Problem(400, "the form has a field twice") }
    }

    // MARK: RFC 7578

    private static func boundary(of type: String) -> [UInt8]? {
        let parts = type.split(separator: ";").map { $0.drop { $0 == " " } }
        guard parts.first?.lowercased() == "multipart/form-data",
            let given = parts.first(where: { $0.lowercased().hasPrefix("boundary=") })
        else { return nil }
        var text = given.dropFirst("boundary=".count)
        if text.first == "\"", text.last == "\"", text.count > 1 { text = text.dropFirst().dropLast() }
        guard (1...70).contains(text.utf8.count) else { return nil }
        return Array("--\(text)".utf8)
    }

    private mutating func readParts(_ body: [UInt8], _ boundary: [UInt8]) throws(Problem) {
        let damaged = Problem(400, "the form is cut off or damaged: send it again")
        let separator = Array("\r\n".utf8) + boundary
        guard body.starts(with: boundary) else { throw damaged }
        var place = boundary.count
        while true {
            guard place + 2 <= body.count else { throw damaged }
            if body[place] == UInt8(ascii: "-"), body[place + 1] == UInt8(ascii: "-") { return }
            guard body[place] == 13, body[place + 1] == 10,
                let head = Self.find(Array("\r\n\r\n".utf8), in: body, from: place),
                let end = Self.find(separator, in: body, from: head + 2)
            else { throw damaged }
            let start = head + 4
            guard head - place < 4096, start <= end,
                let text = String(validating: body[place..<head], as: UTF8.self)
            else { throw damaged }
            try take(text, body[start..<end])
            place = end + separator.count
        }
    }

    private mutating func take(_ head: String, _ content: ArraySlice<UInt8>) throws(Problem) {
        let disposition = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-disposition:") }
        guard let disposition, let name = Self.parameter("name", of: disposition) else {
            throw Problem(400, "a part of the form has no name")
        }
        if let fileName = Self.parameter("filename", of: disposition) {
            guard file == nil else { throw Problem(400, "the form has more than one file: send one at a time") }
            let last = fileName.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
            file = File(name: last, bytes: content)
        } else {
            guard let text = String(validating: content, as: UTF8.self) else {
                throw Problem(400, "the form is not UTF-8")
            }
            try put(name, text)
        }
    }

    /// Reads `name="value"` from a header.
    ///
    /// Browsers write a quotation mark in the value as %22.
    private static func parameter(_ name: String, of header: Substring) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let part = part.drop { $0 == " " }
            guard part.hasPrefix("\(name)=\""), part.last == "\"", part.count > name.count + 2 else { continue }
            return String(part.dropFirst(name.count + 2).dropLast()).replacing("%22", with: "\"")
        }
        return nil
    }

    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = wanted.first, start >= 0 else { return nil }
        var place = start
        while place + wanted.count <= bytes.count {
            guard let next = bytes[place...].firstIndex(of: first), next + wanted.count <= bytes.count else {
                return nil
            }
            if bytes[next..<(next + wanted.count)].elementsEqual(wanted) { return next }
            place = next + 1
        }
        return nil
    }
}
