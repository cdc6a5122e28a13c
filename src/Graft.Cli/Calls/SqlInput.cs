using System.CommandLine;
using System.Globalization;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>SQL as it's handed over: as an argument, from a file, or from the input.</summary>
internal sealed class SqlInput
{
    private readonly Argument<string?> _sql = new("sql") { Description = "The SQL, or - to read it from the input", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _file = new("--file", "-f") { Description = "Read the SQL from a file", HelpName = "path" };

    private readonly Option<string[]> _parameters = new("--param", "-p")
    {
        Description = "A value for :name, @name or $name: a number, NULL, x'beef', 'quoted' or plain text; may be repeated",
        HelpName = "name=value",
    };

    internal void AddTo(Command command)
    {
        command.Arguments.Add(_sql);
        command.Options.Add(_file);
        command.Options.Add(_parameters);
    }

    internal async Task<SqlStatement> ReadAsync(Invocation run, CancellationToken cancellation)
    {
        string? sql = run.Typed.GetValue(_sql);
        string? file = run.Typed.GetValue(_file);
        if (sql is null == file is null)
        {
            throw Invocation.Usage("expected SQL as one argument, '-' for the input, or -f FILE", $"graft {run.Typed.CommandResult.Command.Name} \"SELECT 1\"");
        }

        if (file is not null)
        {
            sql = await ReadFileAsync(file, cancellation);
        }
        else if (sql == "-")
        {
            sql = await run.Terminal.In.ReadToEndAsync(cancellation);
        }
        else if (ParseFailure.LooksLikeFlag(sql!))
        {
            throw Invocation.Usage($"'{sql}' is no flag of graft {run.Typed.CommandResult.Command.Name}", $"graft help {run.Typed.CommandResult.Command.Name}");
        }

        return new SqlStatement(sql!, [.. (run.Typed.GetValue(_parameters) ?? []).Select(ReadParameter)]);
    }

    /// <summary>A parameter that was typed: <c>name=value</c>.</summary>
    internal static SqlParameter ReadParameter(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? "" : text[..equals].TrimStart(':', '@', '$');
        return name.Length > 0
            ? new SqlParameter(name, ReadValue(text[(equals + 1)..]))
            : throw Invocation.Usage($"-p: expected name=value, found '{text}'");
    }

    /// <summary>A value that was typed: what reads as a literal of SQL is one, and all else is text.</summary>
    internal static SqlValue ReadValue(string text)
    {
        if (text.Equals("NULL", StringComparison.OrdinalIgnoreCase))
        {
            return SqlValue.Null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            return SqlValue.FromInteger(integer);
        }

        if (text.Any(char.IsAsciiDigit)
            && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double real))
        {
            return SqlValue.FromReal(real);
        }

        if (text is ['\'', .. string inner, '\''])
        {
            return SqlValue.FromText(inner.Replace("''", "'", StringComparison.Ordinal));
        }

        if (text is ['x' or 'X', '\'', .. string hex, '\''] && hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit))
        {
            return SqlValue.FromBlob(Convert.FromHexString(hex));
        }

        return SqlValue.FromText(text);
    }

    internal static async Task<string> ReadFileAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(new Failure(FailureCode.Usage, $"the file '{path}' can't be read") { Facts = [unreadable.Message] });
        }
    }
}
