internal import Products
internal import Reading

/// The templates of the pages.
enum Templates {
    private static let sources: [(name: String, bytes: [UInt8])] = [
        ("layout", PackageResources.layout_mustache), ("table", Array(TablePart.template.utf8)),
        ("filters", PackageResources.filters_mustache), ("pager", PackageResources.pager_mustache),
        ("run", PackageResources.run_mustache), ("determinations", PackageResources.determinations_mustache),
        ("organization", PackageResources.organization_mustache), ("state", PackageResources.state_mustache),
        ("frameworks", PackageResources.frameworks_mustache), ("framework", PackageResources.framework_mustache),
        ("rejections", PackageResources.rejections_mustache), ("files", PackageResources.files_mustache),
        ("problem", PackageResources.problem_mustache), ("sign_in", PackageResources.sign_in_mustache),
        ("signed_in", PackageResources.signed_in_mustache),
        ("act", PackageResources.act_mustache), ("errand", PackageResources.errand_mustache),
        ("upload", PackageResources.upload_mustache), ("report", PackageResources.report_mustache),
        ("duties", PackageResources.duties_mustache), ("compare", PackageResources.compare_mustache),
        ("release", PackageResources.release_mustache), ("publication", PackageResources.publication_mustache),
    ]

    private static let templates = Result {
        try MarkupTemplates(sources.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) })
    }

    /// Fills a template.
    ///
    /// - Throws: if a template cannot be read. A test detects that.
    static func render(_ name: String, _ context: [String: Any]) throws -> String {
        guard let text = try templates.get().render(name, context) else {
            throw Problem(500, "there is no template \(name)")
        }
        return text
    }

    static let style = String(decoding: PackageResources.console_css, as: UTF8.self)
    static let script = String(decoding: PackageResources.console_js, as: UTF8.self)
    static let deskScript = String(decoding: PackageResources.desk_js, as: UTF8.self)
    static let icon = String(decoding: PackageResources.icon_svg, as: UTF8.self)
}
