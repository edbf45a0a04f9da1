import ArgumentParser
import Foundation
import Operating
import Stages

/// The options of the channels that deliver notices.
///
/// A channel exists if it is configured.
struct DeliveryOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Write every notice as a file into this folder: <year>/<district>/<year>-<org>-r<revision>.json.",
            valueName: "folder"
        )
    )
    var spool: String?

    @Option(
        help: ArgumentHelp(
            "Write every notice as messages for `sendmail -t` into this folder. Move sent messages into its subfolder sent/.",
            valueName: "folder"
        )
    )
    var mailSpool: String?

    @Option(help: ArgumentHelp("The sender of the messages.", valueName: "address"))
    var mailFrom: String?

    @Option(
        help: ArgumentHelp(
            "The recipients of mail: CSV with org_code,address. The state's code receives notices without another recipient.",
            valueName: "file"
        )
    )
    var mailRecipients: String?

    @Option(
        help: ArgumentHelp(
            "Post every notice to this https endpoint, signed.",
            discussion: """
                Other users of the machine can read a command line. Put a URL with a token into --webhook-file or $ACCOUNTABILITY_WEBHOOK.
                """,
            valueName: "url"
        )
    )
    var webhook: String?

    @Option(
        help: ArgumentHelp(
            "A file that contains only the URL of --webhook and that only its owner may read; default: $ACCOUNTABILITY_WEBHOOK.",
            valueName: "file"
        )
    )
    var webhookFile: String?

    @Option(
        help: ArgumentHelp(
            "A file with the secret for signatures, which only its owner may read; default: $ACCOUNTABILITY_WEBHOOK_SECRET.",
            valueName: "file"
        )
    )
    var webhookSecretFile: String?

    @Flag(help: "Allow http and addresses outside the public internet.")
    var webhookAllowPrivate = false

    @Option(help: ArgumentHelp("How often a delivery is attempted before it is dead.", valueName: "count"))
    var deliveryAttempts: UInt32 = 20

    @Option(
        help: ArgumentHelp(
            "The first pause between attempts; each later one is twice as long, up to an hour.",
            valueName: "milliseconds"
        )
    )
    var deliveryPause: Int64 = 1000

    @Option(help: ArgumentHelp("How long one attempt may take.", valueName: "seconds"))
    var webhookTimeout: Int64 = 15

    @Option(help: ArgumentHelp("Deliver only notices published on or after this day (UTC).", valueName: "yyyy-mm-dd"))
    var deliverSince: String?

    func validate() throws {
        guard (1...1000).contains(deliveryAttempts) else {
            throw ValidationError("--delivery-attempts takes 1 to 1000")
        }
        guard (1...3_600_000).contains(deliveryPause) else {
            throw ValidationError("--delivery-pause takes 1 to 3600000 milliseconds")
        }
        guard (1...300).contains(webhookTimeout) else {
            throw ValidationError("--webhook-timeout takes 1 to 300 seconds")
        }
        guard mailSpool == nil || (mailFrom != nil && mailRecipients != nil) else {
            throw ValidationError("--mail-spool needs --mail-from and --mail-recipients")
        }
        _ = try since()
        guard webhook == nil || webhookFile == nil else {
            throw ValidationError("--webhook and --webhook-file exclude each other")
        }
        if let webhook { _ = try endpoint(webhook, "--webhook") }
    }

    /// The endpoint from the option, the file or the environment, in this order.
    ///
    /// - Throws: ``Failure`` or ``ValidationError`` if it is not a URL, or if its file is invalid or has the wrong
    ///   mode.
    func endpoint(environment: [String: String]) throws -> WebhookEndpoint? {
        if let webhook { return try endpoint(webhook, "--webhook") }
        if let webhookFile {
            do {
                let text = String(
                    decoding: try OwnersFile.bytes(webhookFile, "the file of the webhook's URL"),
                    as: UTF8.self
                )
                return try endpoint(text.trimmingCharacters(in: .whitespacesAndNewlines), webhookFile)
            } catch let error as OwnersFile.Refusal {
                throw Failure(.configuration, error.description)
            } catch let error as ValidationError {
                throw Failure(.configuration, error.message)
            }
        }
        guard let text = environment["ACCOUNTABILITY_WEBHOOK"], !text.isEmpty else { return nil }
        do {
            return try endpoint(text, "$ACCOUNTABILITY_WEBHOOK")
        } catch let error as ValidationError {
            throw Failure(.configuration, error.message)
        }
    }

    /// The first moment of ``deliverSince``.
    func since() throws -> Int64 {
        guard let deliverSince else { return 0 }
        guard deliverSince.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil,
            let date = try? Date("\(deliverSince)T00:00:00Z", strategy: .iso8601)
        else { throw ValidationError("--deliver-since takes a day, 2026-07-01") }
        return Int64(date.timeIntervalSince1970) * 1000
    }

    private func endpoint(_ text: String, _ place: String) throws -> WebhookEndpoint {
        do {
            return try WebhookEndpoint(text, allowPrivate: webhookAllowPrivate)
        } catch {
            throw ValidationError("\(place): \(error.description)")
        }
    }

    /// The channels that are configured.
    ///
    /// - Throws: ``Failure`` if a file, an address or a secret is invalid.
    func channels(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> DeliveryChannels {
        var channels = DeliveryChannels()
        channels.files = spool.map { SpoolFolder(path: $0) }
        if let mailSpool, let mailFrom, let mailRecipients {
            do {
                channels.mail = try MailSpool(path: mailSpool, from: mailFrom, recipientsFile: mailRecipients)
            } catch {
                throw Failure(.configuration, "\(error)")
            }
        }
        if let endpoint = try endpoint(environment: environment) {
            let secret: WebhookSecret
            do {
                if let webhookSecretFile {
                    secret = try WebhookSecret(contentsOf: webhookSecretFile)
                } else if let text = environment["ACCOUNTABILITY_WEBHOOK_SECRET"], !text.isEmpty {
                    secret = try WebhookSecret(bytes: Array(text.utf8))
                } else {
                    throw Failure(
                        .configuration,
                        "the webhook needs a secret: --webhook-secret-file or $ACCOUNTABILITY_WEBHOOK_SECRET"
                    )
                }
            } catch let error as WebhookSecret.Failure {
                throw Failure(.configuration, error.description)
            }
            channels.webhook = (endpoint, secret, webhookTimeout)
        }
        return channels
    }
}

/// The channels of an installation.
struct DeliveryChannels: Sendable {
    var files: SpoolFolder?
    var mail: MailSpool?
    var webhook: (endpoint: WebhookEndpoint, secret: WebhookSecret, timeoutSeconds: Int64)?

    /// The configured channels.
    var names: Set<DeliveryChannel> {
        var names: Set<DeliveryChannel> = []
        if files != nil { names.insert(.files) }
        if mail != nil { names.insert(.mail) }
        if webhook != nil { names.insert(.webhook) }
        return names
    }
}
