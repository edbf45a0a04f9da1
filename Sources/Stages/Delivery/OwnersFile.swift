import Foundation

/// A file that only its owner can read.
///
/// Secrets belong in such a file and not on a command line, which every user of the machine can read.
package enum OwnersFile {
    /// Why a file is not one.
    package struct Refusal: Error, CustomStringConvertible {
        /// The problem and the remedy.
        package let description: String
    }

    /// The content of a file.
    ///
    /// - `what`: names the content, for the error.
    package static func bytes(_ path: String, _ what: String) throws(Refusal) -> [UInt8] {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let data = FileManager.default.contents(atPath: path)
        else {
            throw Refusal(description: "\(what) \(path) cannot be read")
        }
        let permissions = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard permissions & 0o077 == 0 else {
            throw Refusal(
                description:
                    "others than its owner may use \(what) \(path) (mode \(String(permissions, radix: 8))): chmod 600 it"
            )
        }
        return [UInt8](data)
    }
}
