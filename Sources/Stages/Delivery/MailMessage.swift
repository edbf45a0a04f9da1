import Crypto
import Foundation
package import Messages
import Streaming

/// A notice as a message of RFC 5322, as `sendmail -t` takes it: recipients in the header, lines ended by LF.
package enum MailMessage {
    private static let lineLength = 72

    /// The files of a notice, one for each recipient organization.
    ///
    /// Names and bytes are always the same.
    ///
    /// - `published`: when the notice was published: the date of the message.
    package static func files(
        of notice: Accountability_V1_Notice,
        from: String,
        to recipients: [(organization: String, addresses: [String])],
        published: Int64
    ) -> [SpoolFolder.File] {
        recipients.map { organization, addresses in
            let name = SpoolFolder.name(of: notice).split(separator: "/").last.map { $0.dropLast(5) } ?? "notice"
            return SpoolFolder.File(
                name: "\(name)-to-\(organization).eml",
                content: Data(text(of: notice, from: from, to: addresses, organization, published).utf8)
            )
        }
    }

    private static func text(
        of notice: Accountability_V1_Notice,
        from: String,
        to addresses: [String],
        _ organization: String,
        _ published: Int64
    ) -> String {
        let digest = SHA256.hash(data: Array("\(notice.id) \(organization)".utf8)).prefix(16).hexadecimal
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let headers = [
            "From: \(from)",
            "To: \(addresses.joined(separator: ",\n "))",
            "Date: \(date(published))",
            "Message-ID: <\(digest)@\(domain)>",
            "Subject: \(encoded(notice.subject))",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "Auto-Submitted: auto-generated",
            "X-Notice-Id: \(encoded(notice.id))",
        ]
        let lines = notice.body.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrapped(String($0)) }
        return headers.joined(separator: "\n") + "\n\n" + lines.map(quotedPrintable).joined(separator: "\n")
    }

    /// `Tue, 01 Oct 2019 12:00:00 +0000`.
    static func date(_ milliseconds: Int64) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds / 1000)))
    }

    /// Text for a header: as it is where it is short and printable ASCII, otherwise in encoded words of RFC 2047, one a
    /// line.
    ///
    /// A line end or another control character is a space, and begins no header of its own.
    static func encoded(_ text: String) -> String {
        let text = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 })
        )
        if text.utf8.count <= 60, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !text.contains("=?") {
            return text
        }
        var words: [String] = []
        var word = ""
        for character in text.unicodeScalars {
            let bytes = String(character).utf8
                .map { byte -> String in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        String(UnicodeScalar(byte))
                    case 0x20: "_"
                    default: "=" + hexadecimal(byte)
                    }
                }
            let piece = bytes.joined()
            if word.utf8.count + piece.utf8.count > 50 {
                words.append(word)
                word = ""
            }
            word += piece
        }
        words.append(word)
        return words.map { "=?utf-8?Q?\($0)?=" }.joined(separator: "\n ")
    }

    /// A line broken at spaces; what follows is indented like the text of an item of a list.
    static func wrapped(_ line: String) -> [String] {
        let indent = line.hasPrefix("- ") ? "  " : ""
        var lines: [String] = []
        var current = ""
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if !current.isEmpty, current.count + 1 + word.count > lineLength {
                lines.append(current)
                current = indent + word
            } else {
                current = current.isEmpty && lines.isEmpty ? String(word) : current + " " + word
            }
        }
        return lines + [current]
    }

    /// A line in quoted-printable, RFC 2045.
    ///
    /// A dot at the beginning, which alone ends a message, and `From `, which begins one in a mailbox, are encoded too.
    static func quotedPrintable(_ line: String) -> String {
        let bytes = Array(line.utf8)
        let needsFirst = bytes.first == UInt8(ascii: ".") || line.hasPrefix("From ")
        var text = ""
        var length = 0
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let isPlain =
                (byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=") && !(needsFirst && index == 0))
                || (byte == 0x20 && !isLast)
            let piece = isPlain ? String(UnicodeScalar(byte)) : "=" + hexadecimal(byte)
            if length + piece.utf8.count > 75 {
                text += "=\n"
                length = 0
            }
            text += piece
            length += piece.utf8.count
        }
        return text
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }
}
