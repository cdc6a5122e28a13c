using Microsoft.Extensions.Options;

namespace Graft;

/// <summary>Says in sentences what is wrong with the options, all of it at once.</summary>
internal sealed class GraftOptionsValidator : IValidateOptions<GraftOptions>
{
    public ValidateOptionsResult Validate(string? name, GraftOptions options)
    {
        try
        {
            options.ToNodeOptions();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException invalid)
        {
            return ValidateOptionsResult.Fail(invalid.Message);
        }
    }
}
