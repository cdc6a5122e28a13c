using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>A path and who serves it.</summary>
/// <param name="Path">The path.</param>
/// <param name="IsPrefix">Longer ones are taken too, as the dialect does.</param>
internal sealed record Route(string Path, bool IsPrefix = false)
{
    internal Func<Exchange, Task>? Get { get; init; }

    internal Func<Exchange, Task>? Post { get; init; }

    internal Func<Exchange, Task>? Delete { get; init; }

    internal string Methods => string.Join(", ", new[] { (Get, "GET"), (Post, "POST"), (Delete, "DELETE") }.Where(static each => each.Item1 is not null).Select(static each => each.Item2));

    internal bool Matches(string path) => IsPrefix ? path.StartsWith(Path, StringComparison.Ordinal) : path == Path;

    internal Func<Exchange, Task>? HandlerOf(string method) =>
        method == HttpMethods.Get ? Get : method == HttpMethods.Post ? Post : method == HttpMethods.Delete ? Delete : null;
}
