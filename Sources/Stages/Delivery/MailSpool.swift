import Foundation
package import Messages

/// A folder of messages for a mailer.
///
/// A mailer moves sent messages into the subfolder `sent`, so that they are not written again.
package struct MailSpool: Sendable {
    /// The sender's address.
    package let from: String
    private let folder: SpoolFolder
    private let recipientsFile: String

    /// Why the mail channel cannot be set up.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong.
        package let description: String
    }

    /// A spool.
    ///
    /// - Throws: ``Failure`` if the sender or the recipients are invalid.
    package init(path: String, from: String, recipientsFile: String) throws {
        guard MailRecipients.isAddress(from) else {
            throw Failure(description: "the sender must be an address such as notices@example.org")
        }
        _ = try MailRecipients(contentsOf: recipientsFile)
        self.from = from
        self.recipientsFile = recipientsFile
        folder = SpoolFolder(path: path)
    }

    /// Leaves the messages of a notice.
    package func deliver(_ notice: Accountability_V1_Notice, published: Int64) -> DeliveryOutcome {
        let recipients: MailRecipients
        do {
            // Read each time: an address that is added counts without a restart.
            recipients = try MailRecipients(contentsOf: recipientsFile)
        } catch {
            return .failed("\(error)")
        }
        let organizations = notice.recipients.isEmpty ? [notice.orgCode, notice.districtCode] : notice.recipients
        let addressed =
            notice.departmentOnly ? recipients.department : recipients.addresses(for: organizations)
        guard !addressed.isEmpty else {
            let missing = notice.departmentOnly ? [MailRecipients.fallback] : organizations
            return .refused("no address for \(missing.joined(separator: " or "))")
        }
        let files = MailMessage.files(of: notice, from: from, to: addressed, published: published)
            .filter { !FileManager.default.fileExists(atPath: "\(folder.path)/sent/\($0.name)") }
        do {
            try folder.write(files)
            return .delivered
        } catch {
            return .failed("\(error)")
        }
    }
}
