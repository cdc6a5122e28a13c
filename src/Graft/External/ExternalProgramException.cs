namespace Graft;

/// <summary>A program that is a state machine didn't do what its contract asks. Whether it carried out what it was told isn't known.</summary>
public sealed class ExternalProgramException : GraftException
{
    internal ExternalProgramException(string message)
        : base(message)
    {
    }

    internal ExternalProgramException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>It merely took too long; its answer may come yet.</summary>
    internal bool IsLate { get; init; }
}
