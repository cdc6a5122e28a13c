using System.Runtime.InteropServices;

namespace Graft.Cli;

/// <summary><c>graft version</c>.</summary>
internal static class VersionVerb
{
    internal static GraftVerb Build(VerbBuilder verbs) => verbs.With(
        new GraftVerb("version", "Show the version", VerbGroup.Additional),
        async (run, _) =>
        {
            string runtime = RuntimeInformation.FrameworkDescription;
            string platform = RuntimeInformation.RuntimeIdentifier;
            await run.Terminal.Out.WriteAsync(run.IsJson
                ? JsonText.OfKind("Version", json =>
                {
                    json.WriteString("version", GraftVersion.Text);
                    json.WriteString("runtime", runtime);
                    json.WriteString("platform", platform);
                })
                : $"graft {GraftVersion.Text}  ({runtime}, {platform})\n");
            return 0;
        });
}
