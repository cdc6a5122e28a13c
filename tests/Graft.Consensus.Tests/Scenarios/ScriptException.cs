namespace Graft.Consensus.Tests.Scenarios;

/// <summary>A script that can't be run as it is written: says in which file and line, and what is wrong there.</summary>
public sealed class ScriptException : Exception
{
    public ScriptException()
    {
    }

    public ScriptException(string message)
        : base(message)
    {
    }

    public ScriptException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
